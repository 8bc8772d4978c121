"""CatBoost's JSON: trees whose every level asks one question, or trees of any shape, over numbers and one-hot categories."""

from typing import Any

import numpy as np

from model.trees.file import NONE, Field, TreeFile, assembled, bits, grown, strict_places
from xai.trees.arrays import Tree
from xai.typing import Floats

_LOSSES = {
    "identity": "RMSE MAE Quantile MAPE Lq Huber Expectile LogCosh MultiRMSE MultiRMSEWithMissingValues MultiQuantile PairLogit "
    "PairLogitPairwise YetiRank YetiRankPairwise QueryRMSE StochasticRank LambdaMart PythonUserDefinedPerObject "
    "PythonUserDefinedMultiTarget",
    "exp": "Poisson Tweedie LogLinQuantile",
    "logistic": "Logloss CrossEntropy Focal",
    "softmax": "MultiClass",
    "each": "MultiClassOneVsAll",
}
_LINKS = {name: link for link, names in _LOSSES.items() for name in names.split()}
_NAN = {"AsIs": False, "AsFalse": False, "AsTrue": True}  # does a missing number lie above every border?
_DEEPEST = 16


def read_catboost(content: dict[str, Any]) -> TreeFile:
    """The model that CatBoost's `save_model(format="json")` wrote; ValueError with one sentence for anything else."""
    try:
        return _read(content)
    except (KeyError, AttributeError) as error:
        raise ValueError(f"the CatBoost model cannot be read: the field {error} is missing") from error
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"the CatBoost model cannot be read: {error}") from error


def _read(content: dict[str, Any]) -> TreeFile:
    told, info = content["features_info"], content["model_info"]
    for kind in ("text_features", "embedding_features"):
        if told.get(kind):
            raise ValueError(f"it reads {kind.replace('_', ' ')}, which are not supported")
    if told.get("ctrs") or content.get("ctr_data"):
        raise ValueError(
            "it splits by statistics of categories (ctr), which are not supported; fit it with one_hot_max_size as large as the "
            "number of categories"
        )
    loss = str(info["params"]["loss_function"]["type"])
    if loss not in _LINKS:
        raise ValueError(f"its loss {loss!r} is not supported")
    scale, bias = content["scale_and_bias"]
    base: Floats = np.array(bias, float).reshape(-1)
    reader = _Trees(told, len(base), float(scale))
    found = [reader.oblivious(tree) for tree in content.get("oblivious_trees", ())]
    found += [reader.free(tree) for tree in content.get("trees", ())]
    classes = (info.get("class_params") or {}).get("class_names") or None
    link = _LINKS[loss]
    if classes is not None and len(classes) != (len(base) if len(base) > 1 else 2):
        raise ValueError(f"it names {len(classes)} classes and has {len(base)} outputs")
    return assembled(
        *([one for trees in found for one in trees], len(base), base, True, link),
        writer="catboost",
        fields=reader.fields,
        classes=classes,
        notes=[],
    )


class _Trees:
    """What the splits of a model refer to. A split's "yes" goes right: a number above a border, a category that is equal."""

    def __init__(self, told: dict[str, Any], outputs: int, scale: float) -> None:
        self.outputs, self.scale = outputs, scale
        floats, categories = told.get("float_features") or [], told.get("categorical_features") or []
        names = {int(one["flat_feature_index"]): str(one.get("feature_id") or "") for one in (*floats, *categories)}
        if sorted(names) != list(range(len(names))):
            raise ValueError("it does not name all of its columns")
        if all(names[place] in ("", str(place)) for place in names):
            names = dict.fromkeys(names, "")
        texts = {int(one["hash"]) % 2**32: str(one["value"]) for one in told.get("cat_features_hash") or []}
        if categories and not texts:
            raise ValueError("it does not say which texts its categories are; save it with the pool it was trained on (pool=…)")
        self.levels = tuple(texts.values())
        self.codes = {hashed: i for i, hashed in enumerate(texts)}
        self.columns = {"float": {int(one["feature_index"]): int(one["flat_feature_index"]) for one in floats}}
        self.columns["category"] = {int(one["feature_index"]): int(one["flat_feature_index"]) for one in categories}
        self.above = {int(one["feature_index"]): _NAN[one.get("nan_value_treatment", "AsIs")] for one in floats}
        of_texts = set(self.columns["category"].values())
        known: list[Any] = [("category", self.levels) if place in of_texts else ("number", None) for place in range(len(names))]
        self.fields = [Field(names[place], *one) for place, one in enumerate(known)]
        if any(names.values()):
            strict_places([field.name for field in self.fields])

    def split(self, split: dict[str, Any]) -> tuple[int, float, int, Any, bool]:
        """(column, border, flags, set, is "yes" left?) of one split."""
        kind = split["split_type"]
        if kind == "FloatFeature":
            place = int(split["float_feature_index"])
            return self.columns["float"][place], float(split["border"]), 8 + 2 * (not self.above[place]), NONE, False
        if kind != "OneHotFeature":
            raise ValueError(f"it has a split of type {kind!r}, which is not supported")
        code = self.codes.get(int(split["value"]) % 2**32)
        if code is None:
            raise ValueError("it splits by a category whose text it does not say")
        return self.columns["category"][int(split["cat_feature_index"])], 0.0, 1, bits(np.array([code])), True

    def oblivious(self, tree: dict[str, Any]) -> list[Tree]:
        """Leaf number = bits of the answers, the first split's the lowest: so the root asks the last."""
        splits = [self.split(one) for one in tree["splits"] or ()][::-1]
        depth = len(splits)
        if depth > _DEEPEST:
            raise ValueError(f"a tree is {depth} levels deep; at most {_DEEPEST} are read")
        values = np.array(tree["leaf_values"], float).reshape(1 << depth, self.outputs)
        inner = (1 << depth) - 1
        asked = [splits[level] for level in range(depth) for _ in range(1 << level)]
        first = np.arange(inner) * 2 + 1
        return self._grown(asked, first, first + 1, np.vstack([np.zeros((inner, self.outputs)), values]))

    def free(self, tree: dict[str, Any]) -> list[Tree]:
        nodes, order = [tree], [tree]
        left, right = {}, {}
        for node in nodes:  # which grows as it is read
            if "split" in node:
                left[id(node)], right[id(node)] = node["left"], node["right"]
                nodes += [node["left"], node["right"]]
        order = [node for node in nodes if "split" in node] + [node for node in nodes if "split" not in node]
        at = {id(node): i for i, node in enumerate(order)}
        asked = [node for node in order if "split" in node]
        values = np.zeros((len(order), self.outputs))
        for node in order[len(asked) :]:
            values[at[id(node)]] = node["value"]
        no, yes = (np.array([at[id(side[id(node)])] for node in asked], np.int64) for side in (left, right))
        if asked and nodes[0] is not order[0]:
            raise ValueError("a tree is damaged")
        return self._grown([self.split(node["split"]) for node in asked], no, yes, values)

    def _grown(self, asked: list[Any], no: Any, yes: Any, values: Floats) -> list[Tree]:
        """Inner nodes first, then leaves; `no` and `yes` are children of the inner ones."""
        inner, every = len(asked), len(values)
        swap = np.array([one[4] for one in asked], bool)
        left, right = np.full(every, -1), np.full(every, -1)
        left[:inner], right[:inner] = np.where(swap, yes, no), np.where(swap, no, yes)
        feature, threshold, flags = np.zeros(every, np.int64), np.zeros(every), np.zeros(every, np.int64)
        feature[:inner], threshold[:inner], flags[:inner] = ([one[k] for one in asked] for k in range(3))
        sets = [one[3] for one in asked] + [NONE] * (every - inner)
        is_leaf = np.arange(every) >= inner
        return grown(left, right, is_leaf, feature, threshold, flags, sets, values * self.scale, list(range(self.outputs)))
