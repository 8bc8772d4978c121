"""Documents of plain sentences, in three languages, with facts planted in them and a question that one of them answers.

A fourth is of sentences from the reference manual that Python ships, for whatever is planted among sentences of one make is easy
to tell. Keys are as RULER has them (Hsieh et al. 2024): a number, among the numbers of others.
"""

import pydoc_data.topics
import re
from dataclasses import dataclass, replace

import numpy as np

KINDS = ("single", "two-hop", "redundant", "contradicted", "key")


@dataclass(frozen=True)
class Language:
    """What is written. names, places, things : with spaces between;  fillers : with {name}, {place}, {thing}

    facts : of each kind, with {who}, {place}, {other}, {number};  decoys : of a kind, with {name}, {number}, DECOYS of them
    question, asked : with {who}, of all kinds, and of one that has its own;  joint : between sentences
    """

    names: str
    places: str
    things: str
    fillers: list[str]
    facts: dict[str, list[str]]
    question: str
    asked: dict[str, str]
    decoys: dict[str, str]
    joint: str = " "


LANGUAGES = {
    "English": Language(
        "Anna Boris Carla Elena Farid Greta Ines Jonas Katya Liam Mona Nils Olga Pablo Rosa Sven",
        "Paris Oslo Vienna Prague Lisbon Athens Dublin Cairo Tokyo Boston Lima Seoul",
        "bicycles clocks boats pianos lamps violins roofs shoes books windows",
        [
            "{name} repairs {thing} in a small workshop behind the old market, and is proud of it.",
            "On Monday {name} bought some {thing} and carried them home through the rain.",
            "{name} once wrote a long letter about {thing}, which nobody ever answered.",
            "In the evening {name} likes to talk about {thing} with the neighbours.",
            "{name} travelled to {place} last spring and came back with a box of {thing}.",
        ],
        {
            "single": ["{who} keeps the silver key in {place}."],
            "two-hop": ["{who} keeps the silver key in the house of the doctor.", "The house of the doctor is in {place}."],
            "redundant": ["{who} keeps the silver key in {place}.", "The silver key of {who} is kept in {place}."],
            "contradicted": ["{who} keeps the silver key in {place}.", "Some say that {who} keeps the silver key in {other}."],
            "key": ["The magic number of {who} is {number}."],
        },
        "In which city does {who} keep the silver key?",
        {"key": "What is the magic number of {who}?"},
        {"key": "The magic number of {name} is {number}."},
    ),
    "German": Language(
        "Anna Boris Carla Elena Farid Greta Ines Jonas Katja Lena Mona Nils Olga Pablo Rosa Sven",
        "Paris Oslo Wien Prag Lissabon Athen Dublin Kairo Tokio Hamburg Lima Seoul",
        "Räder Uhren Boote Klaviere Lampen Geigen Dächer Schuhe Bücher Fenster",
        [
            "{name} repariert {thing} in einer kleinen Werkstatt hinter dem alten Markt und ist stolz darauf.",
            "Am Montag kaufte {name} einige {thing} und trug sie durch den Regen nach Hause.",
            "{name} schrieb einmal einen langen Brief über {thing}, auf den niemand antwortete.",
            "Am Abend spricht {name} gern mit den Nachbarn über {thing}.",
            "{name} reiste im Frühling nach {place} und kam mit einer Kiste voll {thing} zurück.",
        ],
        {
            "single": ["{who} bewahrt den silbernen Schlüssel in {place} auf."],
            "two-hop": ["{who} bewahrt den silbernen Schlüssel im Haus des Arztes auf.", "Das Haus des Arztes steht in {place}."],
            "redundant": [
                "{who} bewahrt den silbernen Schlüssel in {place} auf.",
                "Der silberne Schlüssel von {who} liegt in {place}.",
            ],
            "contradicted": [
                "{who} bewahrt den silbernen Schlüssel in {place} auf.",
                "Manche sagen, {who} bewahre den silbernen Schlüssel in {other} auf.",
            ],
            "key": ["Die magische Zahl von {who} ist {number}."],
        },
        "In welcher Stadt bewahrt {who} den silbernen Schlüssel auf?",
        {"key": "Welche ist die magische Zahl von {who}?"},
        {"key": "Die magische Zahl von {name} ist {number}."},
    ),
    "Chinese": Language(
        "安娜 小明 小红 李华 王芳 张伟 刘洋 陈静 杨帆 赵磊 周涛 吴敏",
        "巴黎 奥斯陆 北京 上海 东京 开罗 首尔 柏林 广州 南京 成都 西安",
        "自行车 钟表 小船 钢琴 台灯 鞋子 书 窗户",
        [
            "{name}在老市场后面的小作坊里修理{thing},并为此感到自豪。",
            "星期一{name}买了一些{thing},冒着雨把它们带回家。",
            "{name}曾经写过一封关于{thing}的长信,但是没有人回信。",
            "晚上{name}喜欢和邻居们谈论{thing}。",
            "去年春天{name}去了{place},带回来一箱{thing}。",
        ],
        {
            "single": ["{who}把银钥匙放在{place}。"],
            "two-hop": ["{who}把银钥匙放在医生的家里。", "医生的家在{place}。"],
            "redundant": ["{who}把银钥匙放在{place}。", "{who}的银钥匙保存在{place}。"],
            "contradicted": ["{who}把银钥匙放在{place}。", "有人说{who}把银钥匙放在{other}。"],
            "key": ["{who}的魔法数字是{number}。"],
        },
        "{who}把银钥匙放在哪个城市?",
        {"key": "{who}的魔法数字是多少?"},
        {"key": "{name}的魔法数字是{number}。"},
        "",
    ),
}


def manual() -> list[str]:
    """Plain sentences of Python's reference manual, each once."""
    text = re.sub(r"[`*\"]", "", "\n\n".join(pydoc_data.topics.topics.values()))
    plain = re.findall(r"(?<=[.\n] )[A-Z][a-z]+ [^.!?:;'_{}\[\]\\|=<>/\d]{40,200}\.(?=\s+[A-Z])", text)
    return list(dict.fromkeys(" ".join(one.split()) for one in plain if "\n\n" not in one))


PROSE = "English, a manual"
LANGUAGES[PROSE] = replace(LANGUAGES["English"], fillers=manual())
WHO = {"English": "Hugo", "German": "Hugo", "Chinese": "林雨", PROSE: "Hugo"}
PER_PARAGRAPH, DECOYS = 5, 3


@dataclass(frozen=True)
class Planted:
    """text, question : what is asked;  facts : the planted sentences;  answers : what a right answer names, one of them"""

    language: str
    kind: str
    text: str
    question: str
    facts: list[str]
    answers: list[str]

    def evidence(self, answer: str) -> list[str]:
        """The planted sentences that bear an answer; none where it is wrong."""
        named = [place for place in self.answers if place in answer]
        if len(named) != 1:
            return []
        return [fact for fact in self.facts if named[0] in fact] if self.kind == "contradicted" else self.facts


def plant(language: str, kind: str, sentences: int, depth: float, seed: int) -> Planted:
    """A document of so many sentences. depth : where the first fact stands, 0 … 1; a second stands elsewhere"""
    words, rng, who = LANGUAGES[language], np.random.default_rng(seed), WHO[language]
    names, places, things = (listed.split(" ") for listed in (words.names, words.places, words.things))
    place, other = rng.choice(places, 2, replace=False)
    number, *others = np.random.default_rng([seed, DECOYS]).choice(np.arange(1000, 10_000), 1 + DECOYS, replace=False)
    facts = [fact.format(who=who, place=place, other=other, number=number) for fact in words.facts[kind]]
    rest = [one for one in places if one not in (place, other)]
    count = sentences - len(facts)
    text = [
        words.fillers[i % len(words.fillers)].format(name=rng.choice(names), place=rng.choice(rest), thing=rng.choice(things))
        for i in rng.permutation(count)
    ]
    if kind in words.decoys:
        for i, its in enumerate(others):
            text[(2 * i + 1) * count // (2 * DECOYS)] = words.decoys[kind].format(name=names[i], number=its)
    first = round(depth * count)
    for fact, at in zip(facts, (first, (first + count // 2) % (count + 1))):
        text.insert(at, fact)
    paragraphs = [words.joint.join(text[i : i + PER_PARAGRAPH]) for i in range(0, len(text), PER_PARAGRAPH)]
    answers = {"contradicted": [str(place), str(other)], "key": [str(number)]}.get(kind, [str(place)])
    question = words.asked.get(kind, words.question).format(who=who)
    return Planted(language, kind, "\n\n".join(paragraphs), question, facts, answers)
