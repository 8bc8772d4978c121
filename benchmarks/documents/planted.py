"""Documents of plain sentences, in three languages, with facts planted in them and a question that one of them answers."""

from dataclasses import dataclass

import numpy as np

KINDS = ("single", "two-hop", "redundant", "contradicted")


@dataclass(frozen=True)
class Language:
    """What is written. names, places, things : with spaces between;  fillers : with {name}, {place}, {thing}

    facts : of each kind, with {who}, {place}, {other};  joint : between sentences;  question : with {who}
    """

    names: str
    places: str
    things: str
    fillers: list[str]
    facts: dict[str, list[str]]
    question: str
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
        },
        "In which city does {who} keep the silver key?",
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
        },
        "In welcher Stadt bewahrt {who} den silbernen Schlüssel auf?",
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
        },
        "{who}把银钥匙放在哪个城市?",
        "",
    ),
}
WHO = {"English": "Hugo", "German": "Hugo", "Chinese": "林雨"}
PER_PARAGRAPH = 5


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
    facts = [fact.format(who=who, place=place, other=other) for fact in words.facts[kind]]
    rest = [one for one in places if one not in (place, other)]
    count = sentences - len(facts)
    text = [
        words.fillers[i % len(words.fillers)].format(name=rng.choice(names), place=rng.choice(rest), thing=rng.choice(things))
        for i in rng.permutation(count)
    ]
    first = round(depth * count)
    for fact, at in zip(facts, (first, (first + count // 2) % (count + 1))):
        text.insert(at, fact)
    paragraphs = [words.joint.join(text[i : i + PER_PARAGRAPH]) for i in range(0, len(text), PER_PARAGRAPH)]
    answers = [str(place), str(other)] if kind == "contradicted" else [str(place)]
    return Planted(language, kind, "\n\n".join(paragraphs), words.question.format(who=who), facts, answers)
