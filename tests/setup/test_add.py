"""What `stablediff add` puts into a config, for which components, and that it trains."""

from itertools import combinations

import pytest
import spacy
import srsly
from jinja2 import Template
from spacy.cli.init_config import RECOMMENDATIONS, TEMPLATE_PATH
from spacy.util import load_config, load_config_from_str, load_model_from_config

from spacy_stablediff import recommended
from spacy_stablediff.wiring.settings import SETTINGS
from spacy_stablediff.words.known import find_words

from ..configs import (
    CLASSIFIERS,
    DIFFUSED,
    NO_STATIC_VECTORS,
    SHARED,
    TRAINABLE,
    WORD_GRAPH,
    WORD_GRAPH_BOW,
    check_config,
    diffusions,
    has_learned,
    read,
    train_steps,
    write_beside,
    write_config,
    write_owners,
    write_sourced,
)

# What `spacy init config` writes.


def check_init_config(pipeline, optimize, add, corpus):
    base = write_config(pipeline, optimize=optimize)
    before = load_config_from_str(base).interpolate()
    code, printed, output = add(base)
    classifies = [name for name in CLASSIFIERS if name in pipeline]
    if "tok2vec" not in before["nlp"]["pipeline"] and not classifies:
        assert code == 1 and "[SD053]" in printed and not output.exists()
        return
    assert code == 0
    after = read(output)
    # spaCy never trains the bag of an ensemble with exclusive classes.
    idle = ["textcat"] if optimize == "accuracy" and "textcat" in pipeline else []
    assert list(unwrap_bags(after["components"], idle)) == classifies
    assert ("Let the bag of words of 'textcat' start from small random" in printed) is bool(idle)
    if "tok2vec" in before["nlp"]["pipeline"]:
        listening = "tok2vec" in str([after["components"].get(name) for name in classifies])
        take_out_shared(after, before, pipeline, classifies=listening)
    assert after == before
    check_config(output, corpus)


def unwrap_bags(components, idle):
    """Take the bags of words of classifiers out of the graph of words, and yield their names."""
    for name in CLASSIFIERS:
        model = components.get(name, {}).get("model", {})
        is_ensemble = "linear_model" in model
        holder, key = (model, "linear_model") if is_ensemble else (components.get(name), "model")
        if model and "bow" in holder[key]:
            wrapped = holder[key]
            holder[key] = wrapped.pop("bow")
            settings = recommended.ENSEMBLE_BAG if name in idle else recommended.BAG
            assert wrapped == {"@architectures": WORD_GRAPH_BOW, **settings}
            yield name


def take_out_shared(after, before, pipeline, *, classifies):
    """Undo what is put in for a shared embedding, as far as it is as recommended."""
    components = after["components"]
    assert components.pop("stablediff") == {
        "factory": "stablediff",
        "upstream": "tok2vec",
        "model": recommended.DIFFUSION,
    }
    others = [name for name in pipeline if name != "spancat"]
    limits = {"pipes": ["tok2vec", *others]} if classifies and "spancat" in pipeline else {}
    alone = set(pipeline) <= set(CLASSIFIERS)
    settings = recommended.CLASSIFIER_STABILIZER if alone else recommended.STABILIZER
    assert components.pop("stabilizer") == {
        "factory": "stabilizer",
        **settings,
        **({} if classifies else {"consistency": 0.0}),
        **limits,
    }
    wrapped = components["tok2vec"]["model"]
    assert wrapped["@architectures"] == WORD_GRAPH
    assert {key: wrapped[key] for key in recommended.WORDS} == recommended.WORDS
    components["tok2vec"]["model"] = wrapped["tok2vec"]
    assert after["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", *pipeline]
    after["nlp"]["pipeline"] = before["nlp"]["pipeline"]
    assert not before["training"]["optimizer"]["use_averages"]
    before["training"]["optimizer"].update(recommended.OPTIMIZER)


@pytest.mark.parametrize("optimize", ["efficiency", "accuracy"])
@pytest.mark.parametrize("pipeline", [*([name] for name in TRAINABLE), TRAINABLE])
def test_takes_what_init_config_writes(pipeline, optimize, add, corpus):
    check_init_config(pipeline, optimize, add, corpus)


@pytest.mark.slow
@pytest.mark.parametrize("optimize", ["efficiency", "accuracy"])
@pytest.mark.parametrize(
    "pipeline", [names for n in range(2, 6) for names in combinations(TRAINABLE, n)], ids="-".join
)
def test_takes_every_combination(pipeline, optimize, add, corpus):
    check_init_config(pipeline, optimize, add, corpus)


OPTIMIZERS = {
    "of the website": ('@optimizers = "Adam.v1"', True),
    "turned off": ('@optimizers = "SGD.v1"\nlearn_rate = 0.1\nuse_averages = false', True),
    "averaging already": ('@optimizers = "RAdam.v1"\nuse_averages = true', None),
    "averaging by default": ('@optimizers = "SGD.v1"\nlearn_rate = 0.1', None),
    "of another package": ('@optimizers = "ours.v1"', False),
}


@pytest.mark.parametrize(("block", "changed"), OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_averages_the_weights_where_the_optimizer_can(block, changed, add):
    base = f"{SHARED}\n\n[training]\n\n[training.optimizer]\n# Ours.\n{block}\n"
    code, printed, output = add(base)
    assert code == 0 and "# Ours." in output.read_text(encoding="utf8")
    optimizer = read(output)["training"]["optimizer"]
    assert optimizer.get("use_averages") is (True if changed or "true" in block else None)
    assert ("Set use_averages = true in [training.optimizer]" in printed) is (changed is True)
    assert ("Left the optimizer as it is" in printed) is (changed is False)


VARIABLES = {
    "the whole block": "[opt]\n@optimizers = 'Adam.v1'\n\n[training]\noptimizer = ${opt}\n",
    "a copy of it": "[training]\n\n[training.optimizer]\n@optimizers = 'Adam.v1'\n\n"
    "[pretraining]\noptimizer = ${training.optimizer}\n",
    "nothing": "[training]\noptimizer = null\n",
    "no section": "",
}


@pytest.mark.parametrize("blocks", VARIABLES.values(), ids=VARIABLES)
def test_leaves_an_optimizer_that_can_not_be_set_in_place(blocks, add):
    blocks = blocks.replace("'", '"')
    code, printed, output = add(f"{SHARED}\n\n{blocks}")
    assert code == 0 and "use_averages" not in output.read_text(encoding="utf8")
    assert "use_averages = true of Adam.v1" in printed


@pytest.mark.parametrize("averages", ["", "use_averages = true\n"])
def test_leaves_the_weights_of_torch_models_unaveraged(averages, add):
    encoder = CHARACTERS.replace("MaxoutWindowEncoder.v2", "TorchBiLSTMEncoder.v1")
    optimizer = f'[training]\n\n[training.optimizer]\n@optimizers = "Adam.v1"\n{averages}'
    code, printed, output = add(f"{SHARED}\n{encoder}\n\n{optimizer}")
    assert code == 0 and "Set use_averages = true" not in printed
    assert output.read_text(encoding="utf8").count("use_averages") == bool(averages)
    assert ("the weights of PyTorch models can't be averaged" in printed) is (not averages)
    assert ("[SDW53]" in printed) is bool(averages)


def test_leaves_the_optimizer_of_embeddings_that_are_not_trained_for_stability(add):
    base = write_owners(["ner"])
    _, printed, output = add(base)
    assert not read(output)["training"]["optimizer"]["use_averages"]
    assert "use_averages" not in printed
    _, printed, output = add(base, "--stability", "0.05")
    assert read(output)["training"]["optimizer"]["use_averages"]


@pytest.mark.parametrize("layer", ["heat", "implicit"])
def test_trains_after_a_shared_tok2vec(layer, add, corpus, tmp_path):
    base = write_config(TRAINABLE)
    _, _, output = add(base, "--layer", layer, "--time", "0.25")
    overrides = {"components.parser.min_action_freq": 1}
    nlp = train_steps(output, corpus, tmp_path, **overrides)
    assert diffusions(nlp) == {"stablediff"}
    model = nlp.get_pipe("stablediff").model
    assert model.name == f"{layer}_diffusion" and model.attrs[SETTINGS]["time"] == 0.25
    assert nlp("Anselmo lost a parcel").tensor.any()


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_text_classifiers_alone_learn_the_annotation_of_edited_copies(
    classifier, add, corpus, tmp_path
):
    _, printed, output = add(write_config([classifier], optimize="accuracy"))
    assert "as text classifiers learn alone, by the annotation of edited copies" in printed
    nlp = train_steps(output, corpus, tmp_path, **NO_STATIC_VECTORS)
    stabilizer = nlp.get_pipe("stabilizer")
    assert (stabilizer.consistency, stabilizer.supervision) == (0.0, 1.0)
    settings = read(output)["components"]["stabilizer"]
    assert settings["augmenter"] == recommended.AUGMENTATION["augmenter"]


def test_text_classifiers_alone_may_embed_for_themselves(add):
    _, printed, output = add(write_owners(["textcat"]), "--stability", "0.5")
    assert (
        "it trains textcat for stability, by vectors and, as text classifiers learn alone"
        in printed
    )
    stabilizer = read(output)["components"]["stabilizer"]
    expected = {**recommended.CLASSIFIER_STABILIZER, "weight": 0.5, "pipes": ["textcat"]}
    assert stabilizer == {"factory": "stabilizer", **expected}


@pytest.mark.parametrize("options", [["--pipes", "textcat"], []])
def test_text_classifiers_are_not_alone_where_others_learn_from_the_same_embedding(options, add):
    _, printed, output = add(write_config(["ner", "textcat"], optimize="accuracy"), *options)
    assert "by vectors and by scores of edited copies" in printed
    assert read(output)["components"]["stabilizer"]["supervision"] == 0.0


@pytest.mark.parametrize("pipeline", [["ner", "textcat"], ["textcat", "ner"]])
@pytest.mark.parametrize(("frozen", "losses"), [("ner", (0.0, 1.0)), ("textcat", (0.0, 0.0))])
def test_frozen_components_don_t_learn_by_edited_copies(pipeline, frozen, losses, add):
    _, _, output = add(freeze(write_config(pipeline, optimize="accuracy"), frozen))
    stabilizer = read(output)["components"]["stabilizer"]
    assert (stabilizer["consistency"], stabilizer["supervision"]) == losses


@pytest.mark.parametrize("other", ["ner", "senter", "spancat"])
def test_a_stabilizer_leaves_embeddings_of_their_own_alone_unless_asked(other, add, corpus):
    base = write_beside(["textcat"], other, optimize="accuracy")
    _, _, output = add(base)
    stabilizer = read(output)["components"]["stabilizer"]
    assert stabilizer["supervision"] == 1.0 and stabilizer["pipes"] == ["tok2vec", "textcat"]
    check_config(output, corpus)
    _, _, output = add(base, "--stability", "0.05")
    stabilizer = read(output)["components"]["stabilizer"]
    assert stabilizer["supervision"] == (0.0 if other == "ner" else 1.0)
    assert stabilizer.get("pipes") == (None if other == "ner" else ["tok2vec", "textcat"])


def test_a_stabilizer_trains_embeddings_of_their_own_wherever_they_stand(add, corpus):
    config = load_config_from_str(write_beside(["textcat"], "ner", optimize="accuracy"))
    config["nlp"]["pipeline"] = ["ner", "tok2vec", "textcat"]
    _, _, output = add(config.to_str(interpolate=False), "--stability", "0.05")
    assert read(output)["components"]["stabilizer"]["pipes"] == ["tok2vec", "textcat", "ner"]
    check_config(output, corpus)


def test_of_two_stabilizers_one_trains_embeddings_of_their_own(add, corpus):
    config = load_config_from_str(write_beside(["tagger"], "ner"))
    config["components"]["second"] = config["components"]["tok2vec"]
    model = {**config["components"]["tagger"]["model"]}
    model["tok2vec"] = {**model["tok2vec"], "upstream": "second"}
    config["components"]["labels"] = {"factory": "tagger", "model": model}
    config["nlp"]["pipeline"] = ["tok2vec", "tagger", "second", "labels", "ner"]
    _, _, output = add(config.to_str(interpolate=False), "--stability", "0.05")
    components = read(output)["components"]
    assert "pipes" not in components["stabilizer"]
    assert components["stabilizer_second"]["pipes"] == ["second", "labels"]
    check_config(output, corpus)


def test_refuses_another_embedding_between_one_and_its_listener(add):
    config = load_config_from_str(write_config(["tagger", "ner"]))
    config["components"]["second"] = config["components"]["tok2vec"]
    config["components"]["ner"]["model"]["tok2vec"]["upstream"] = "second"
    config["components"]["tagger"]["model"]["tok2vec"]["upstream"] = "tok2vec"
    config["nlp"]["pipeline"] = ["tok2vec", "second", "tagger", "ner"]
    code, printed, _ = add(config.to_str(interpolate=False))
    assert code == 1 and "[SD065] Component 'tagger'" in printed and "'second'" in printed
    config["nlp"]["pipeline"] = ["tok2vec", "tagger", "second", "ner"]
    assert add(config.to_str(interpolate=False))[0] == 0


def test_a_component_may_have_the_name_that_a_stabilizer_gets(add):
    config = load_config_from_str(write_config(["tagger"]))
    config["nlp"]["pipeline"] = ["stabilizer"]
    config["components"] = {"stabilizer": {"factory": "ner"}}
    code, _, output = add(config.to_str(interpolate=False), "--stability", "0.05")
    assert code == 0
    assert read(output)["nlp"]["pipeline"] == ["stabilizer_stabilizer", "stabilizer"]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_text_classifiers_beside_others_are_trained_for_consistent_scores(
    classifier, add, corpus, tmp_path
):
    _, printed, output = add(write_config(["ner", classifier], optimize="accuracy"))
    assert "it trains for stability, by vectors and by scores of edited copies" in printed
    assert read(output)["components"]["stabilizer"]["consistency"] == 1.0
    nlp = train_steps(output, corpus, tmp_path, **NO_STATIC_VECTORS)
    assert nlp.get_pipe("stabilizer").consistency == 1.0
    (words,) = find_words(nlp.get_pipe("tok2vec"))
    assert words


def test_rare_words_share_a_vector_of_the_default_embedding_too(add):
    _, printed, output = add(SHARED)
    model = read(output)["components"]["tok2vec"]["model"]
    assert model["@architectures"] == WORD_GRAPH
    assert model["tok2vec"]["@architectures"] == "spacy.HashEmbedCNN.v2"
    assert "Wrote the defaults of [components.tok2vec.model]" in printed
    assert "so that rare words share a vector" in printed


CHARACTERS = """
[components.tok2vec.model]
@architectures = "spacy.Tok2Vec.v2"

[components.tok2vec.model.embed]
@architectures = "spacy.CharacterEmbed.v2"
width = 96
rows = 100
nM = 8
nC = 4
include_static_vectors = false
feature = "LOWER"

[components.tok2vec.model.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = 96
window_size = 1
maxout_pieces = 2
depth = 1
"""


@pytest.mark.parametrize(
    "addition",
    [CHARACTERS, '[training]\nfrozen_components = ["tok2vec"]\n'],
    ids=["embedding of characters", "frozen"],
)
def test_embeddings_that_look_up_no_words_or_keep_their_weights_are_not_wrapped(addition, add):
    code, printed, output = add(f"{SHARED}\n{addition}")
    assert code == 0 and "rare words" not in printed
    assert WORD_GRAPH not in output.read_text(encoding="utf8")


def test_embeddings_with_pretrained_weights_are_not_wrapped_and_it_says_so(add):
    code, printed, output = add(f'{SHARED}\n[initialize]\ninit_tok2vec = "weights.bin"\n')
    assert code == 0 and f"Left the model of tok2vec without {WORD_GRAPH}" in printed
    assert "init_tok2vec" in printed
    assert WORD_GRAPH not in output.read_text(encoding="utf8")


def test_embeddings_that_are_to_be_pretrained_are_wrapped(add):
    _, _, output = add(f'{SHARED}\n[pretraining]\ncomponent = "tok2vec"\n')
    assert read(output)["components"]["tok2vec"]["model"]["@architectures"] == WORD_GRAPH


def test_trains_accuracy_config(add, corpus, tmp_path):
    _, _, output = add(write_config(["ner", "textcat"], optimize="accuracy"))
    nlp = train_steps(output, corpus, tmp_path, **NO_STATIC_VECTORS)
    assert diffusions(nlp) == {"stablediff"}


# Embeddings of their own.


def test_wraps_and_trains_owners(add, corpus, tmp_path):
    names = ["tagger", "ner", "textcat", "textcat_multilabel", "spancat"]
    base = write_owners(names)
    code, printed, output = add(base, "--layer", "heat")
    before, after = load_config_from_str(base).interpolate(), read(output)
    assert code == 0 and after["nlp"]["pipeline"] == names
    assert after["components"]["tagger"] == before["components"]["tagger"]
    assert "Left 'tagger' as it is" in printed
    for name in names[1:]:
        assert f"Wrapped the tok2vec of '{name}'" in printed
        wrapped = after["components"][name]["model"]["tok2vec"]
        assert wrapped["@architectures"] == DIFFUSED and wrapped["boundaries"] == "doc"
        assert wrapped["diffusion"]["@architectures"] == "spacy-stablediff.HeatDiffusion.v1"
        assert wrapped["tok2vec"] == before["components"][name]["model"]["tok2vec"]
    check_config(output, corpus)
    nlp = train_steps(output, corpus, tmp_path)
    assert diffusions(nlp) == set(names[1:])


def test_owners_are_trained_for_stability_where_that_is_asked_for(add, corpus, tmp_path):
    base = write_owners(["tagger", "ner", "textcat"])
    code, printed, output = add(base, "--stability", "0.1")
    before, after = load_config_from_str(base).interpolate(), read(output)
    assert code == 0 and after["nlp"]["pipeline"] == ["tagger", "stabilizer", "ner", "textcat"]
    assert "Added component 'stabilizer' before 'ner'" in printed
    stabilizer = after["components"]["stabilizer"]
    assert stabilizer["pipes"] == ["ner", "textcat"] and stabilizer["weight"] == 0.1
    for name in ("ner", "textcat"):
        words = after["components"][name]["model"]["tok2vec"]["tok2vec"]
        assert words["@architectures"] == WORD_GRAPH
        assert words["tok2vec"] == before["components"][name]["model"]["tok2vec"]
    check_config(output, corpus)
    nlp = train_steps(output, corpus, tmp_path)
    assert all(any(find_words(nlp.get_pipe(name))) for name in ("ner", "textcat"))


def test_a_stabilizer_behind_a_shared_embedding_trains_owners_too(add):
    _, _, output = add(write_beside(["tagger"], "ner"), "--stability", "0.1")
    after = read(output)
    assert after["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "tagger", "ner"]
    assert "pipes" not in after["components"]["stabilizer"]


def test_pipes_names_other_owners(add, corpus):
    code, _, output = add(write_owners(["tagger", "parser", "ner"]), "--pipes", "tagger,parser")
    assert code == 0
    assert diffusions(load_model_from_config(load_config(output))) == {"tagger", "parser"}


def test_shared_and_own_at_once(add, corpus, tmp_path):
    """As in spaCy's small pipelines: the tagger listens, ner embeds for itself."""
    code, printed, output = add(write_beside(["tagger", "textcat"], "ner"))
    assert code == 0 and "Wrapped the bag of words of 'textcat'" in printed
    assert read(output)["nlp"]["pipeline"] == [
        "tok2vec",
        "stablediff",
        "stabilizer",
        "tagger",
        "textcat",
        "ner",
    ]
    assert diffusions(train_steps(output, corpus, tmp_path)) == {"stablediff", "ner"}


# Bags of words.


def test_a_bag_of_words_is_trained_with_the_graph(add, corpus, tmp_path):
    code, _, output = add(write_config(["textcat"]))
    assert code == 0
    nlp = train_steps(output, corpus, tmp_path)
    (words,) = find_words(nlp.get_pipe("textcat"))
    assert words.texts


def test_options_for_embeddings_are_not_silently_ignored(add):
    code, printed, _ = add(write_config(["textcat"]), "--stability", "0.1", "--time", "1")
    assert code == 0 and "Made no use of --time, --stability: textcat only counts words" in printed


@pytest.mark.parametrize("frozen", [True, False])
def test_a_bag_of_words_that_was_trained_before_is_left(frozen, add, tmp_path):
    """Nobody counted its words."""
    config = load_config_from_str(write_config(["textcat", "ner"]))
    if frozen:
        config["training"]["frozen_components"] = ["textcat"]
    else:
        nlp = spacy.blank("en")
        model = load_config_from_str(write_config(["textcat"]))["components"]["textcat"]["model"]
        nlp.add_pipe("textcat", config={"model": model})
        nlp.to_disk(tmp_path / "source")
        config["components"]["textcat"] = {"source": str(tmp_path / "source")}
    code, printed, output = add(config.to_str(interpolate=False))
    assert code == 0 and "Left 'textcat' as it is: its bag of words was trained before" in printed
    assert WORD_GRAPH_BOW not in output.read_text(encoding="utf8")


# Which components.


def test_pipes_decides_the_position(add, corpus, tmp_path):
    base = write_config(["tagger", "ner"])
    _, printed, output = add(base, "--pipes", "ner")
    assert read(output)["nlp"]["pipeline"] == [
        "tok2vec",
        "tagger",
        "stablediff",
        "stabilizer",
        "ner",
    ]
    assert "after 'tagger': it diffuses what 'tok2vec' embeds for ner" in printed
    assert diffusions(train_steps(output, corpus, tmp_path)) == {"stablediff"}
    _, _, output = add(base, "--pipes", "ner, tagger")
    assert read(output)["nlp"]["pipeline"] == [
        "tok2vec",
        "stablediff",
        "stabilizer",
        "tagger",
        "ner",
    ]


def test_refuses_pipes_that_position_cannot_part(add):
    code, printed, output = add(write_config(["ner", "tagger"]), "--pipes", "ner")
    assert code == 1 and "[SD057]" in printed and "'tagger'" in printed and not output.exists()


def test_pipes_with_only_owners_adds_no_component(add):
    config = load_config_from_str(write_config(["tagger"]))
    config["nlp"]["pipeline"].append("ner")
    config["components"]["ner"] = {"factory": "ner"}
    code, _, output = add(config.to_str(interpolate=False), "--pipes", "ner")
    assert code == 0 and read(output)["nlp"]["pipeline"] == ["tok2vec", "tagger", "ner"]


def test_several_shared_embeddings(add, corpus, tmp_path):
    config = load_config_from_str(write_config(["tagger", "ner"]))
    components = config["components"]
    components["tok2vec_b"] = components["tok2vec"]
    components["ner"]["model"]["tok2vec"]["upstream"] = "tok2vec_b"
    config["nlp"]["pipeline"] = ["tok2vec", "tagger", "tok2vec_b", "ner"]
    code, _, output = add(config.to_str(interpolate=False))
    assert code == 0
    after = read(output)
    first = ["tok2vec", "stablediff", "stabilizer", "tagger"]
    second = ["tok2vec_b", "stablediff_tok2vec_b", "stabilizer_tok2vec_b", "ner"]
    assert after["nlp"]["pipeline"] == first + second
    assert after["components"]["stablediff_tok2vec_b"]["upstream"] == "tok2vec_b"
    assert diffusions(train_steps(output, corpus, tmp_path)) == {first[1], second[1]}


def freeze(text, *names):
    return text.replace("frozen_components = []", f"frozen_components = {srsly.json_dumps(names)}")


def test_spares_frozen_listeners(add):
    base = freeze(write_config(["ner", "tagger", "parser"]), "ner")
    code, printed, output = add(base)
    assert code == 0 and "Left 'ner' as it is: it is frozen" in printed and "SDW50" not in printed
    assert read(output)["nlp"]["pipeline"] == [
        "tok2vec",
        "ner",
        "stablediff",
        "stabilizer",
        "tagger",
        "parser",
    ]
    code, printed, _ = add(base, "--pipes", "ner,tagger,parser")
    assert code == 0 and "[SDW50] ner: " in printed


def test_what_annotates_in_training_reads_diffused_vectors_there_too(add):
    text = write_config(["tagger", "ner"])
    annotating = text.replace(
        "annotating_components = []", 'annotating_components = ["tok2vec", "tagger"]'
    )
    code, printed, output = add(annotating)
    assert code == 0 and "Added 'stablediff' to [training] annotating_components" in printed
    assert read(output)["training"]["annotating_components"] == ["tok2vec", "stablediff", "tagger"]
    code, printed, output = add(text)
    assert "annotating_components" not in printed
    assert read(output)["training"]["annotating_components"] == []


def test_warns_of_frozen_listeners_that_stand_behind_others(add):
    code, printed, output = add(freeze(write_config(["ner", "tagger"]), "tagger"))
    assert code == 0 and "[SDW50] tagger: " in printed
    assert read(output)["nlp"]["pipeline"] == [
        "tok2vec",
        "stablediff",
        "stabilizer",
        "ner",
        "tagger",
    ]


def test_leaves_a_listener_alone_before_one_that_is_frozen_with_its_embedding(add):
    """In such a pipeline the frozen one predicts what it did before."""
    text = write_beside(["ner", "tagger"], "textcat")
    code, printed, output = add(freeze(text, "tok2vec", "tagger"))
    assert code == 0 and "Left 'ner' as it is: a frozen component stands behind it" in printed
    assert "SDW50" not in printed and "SDW54" not in printed
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "ner", "tagger", "textcat"]
    code, printed, output = add(freeze(write_config(["ner", "tagger"]), "tok2vec", "tagger"))
    assert code == 1 and "[SD063]" in printed and "Put ner behind them" in printed
    code, printed, output = add(freeze(write_config(["tagger", "ner"]), "tok2vec", "tagger"))
    assert read(output)["nlp"]["pipeline"][:3] == ["tok2vec", "tagger", "stablediff"]


def test_without_a_listener_that_learns_a_shared_embedding_gets_nothing(add):
    frozen = freeze(write_beside(["tagger", "parser"], "ner"), "tok2vec", "tagger", "parser")
    code, printed, output = add(frozen)
    assert code == 0 and "Left 'parser' as it is: it is frozen" in printed
    assert read(output)["nlp"]["pipeline"] == ["tok2vec", "tagger", "parser", "ner"]
    assert diffusions(load_model_from_config(load_config(output), auto_fill=True)) == {"ner"}


def test_a_stabilizer_leaves_alone_what_is_left_alone(add, corpus):
    code, printed, output = add(write_beside(["ner", "tagger"], "senter"))
    assert code == 0 and "Left 'senter' as it is" in printed
    assert read(output)["components"]["stabilizer"]["pipes"] == ["tok2vec", "ner", "tagger"]
    check_config(output, corpus)


def test_scores_of_spans_are_not_to_be_consistent(add, corpus):
    """Those of most spans are near 0, and would stay there."""
    _, _, output = add(write_config(["textcat", "spancat"], optimize="accuracy"))
    assert read(output)["components"]["stabilizer"]["pipes"] == ["tok2vec", "textcat"]
    check_config(output, corpus)
    _, _, output = add(write_config(["spancat"]))
    stabilizer = read(output)["components"]["stabilizer"]
    assert "pipes" not in stabilizer and stabilizer["consistency"] == 0


def test_owners_are_trained_by_scores_of_texts_and_not_of_spans(add, corpus):
    _, _, output = add(write_owners(["ner", "textcat", "spancat"]), "--stability", "0.1")
    stabilizer = read(output)["components"]["stabilizer"]
    assert stabilizer["pipes"] == ["ner", "textcat"] and stabilizer["consistency"] == 1
    check_config(output, corpus)
    _, _, output = add(write_owners(["ner", "spancat"]), "--stability", "0.1")
    stabilizer = read(output)["components"]["stabilizer"]
    assert stabilizer["pipes"] == ["ner", "spancat"] and stabilizer["consistency"] == 0


@pytest.mark.parametrize(
    "base, names",
    [
        (write_config(["ner", "tagger"]), ["tok2vec", "ner", "tagger"]),
        (write_owners(["ner"]), ["ner"]),
    ],
    ids=["shared", "own"],
)
def test_refuses_where_all_are_frozen(base, names, add):
    code, printed, output = add(freeze(base, *names))
    assert code == 1 and "[SD064]" in printed and not output.exists()
    assert f"{', '.join(names[-2:])} would be" in printed


def test_leaves_frozen_components_that_embed_for_themselves(source, add):
    """Their diffusion would stay the identity for good."""
    setting = "frozen_components = "
    frozen = write_sourced(source).replace(f"{setting}[]", f'{setting}["ner"]')
    code, printed, output = add(frozen)
    assert code == 0 and "Left 'ner' as it is: it is frozen" in printed and "SDW50" not in printed
    assert read(output)["nlp"]["after_pipeline_creation"]["pipes"] == ["tok2vec"]
    code, printed, _ = add(frozen, "--pipes", "ner")
    assert code == 0 and "[SDW54] ner: " in printed


@pytest.mark.parametrize(
    "attrs, wrapped", [(["NORM", "SHAPE"], True), (["norm", "shape"], True), (["SHAPE"], False)]
)
def test_says_why_an_embedding_gets_no_graph_of_words(attrs, wrapped, add):
    config = load_config_from_str(write_config(["ner"]))
    embed = config["components"]["tok2vec"]["model"]["embed"]
    embed["attrs"], embed["rows"] = attrs, [1000] * len(attrs)
    code, printed, output = add(config.to_str(interpolate=False))
    model = read(output)["components"]["tok2vec"]["model"]
    assert code == 0 and (model["@architectures"] == WORD_GRAPH) == wrapped
    assert (
        f"without {WORD_GRAPH}: it doesn't look up the NORM" in " ".join(printed.split())
    ) != wrapped


# Transformers and sourced components.


def write_transformer(pipeline):
    """What the quickstart and, with spacy-transformers, `init config --gpu` start from."""
    variables = {
        "lang": "en",
        "components": pipeline,
        "optimize": "accuracy",
        "hardware": "gpu",
        "transformer_data": RECOMMENDATIONS["en"]["transformer"],
        "word_vectors": None,
        "has_letters": True,
    }
    return Template(TEMPLATE_PATH.read_text()).render(variables).strip()


def test_wraps_transformer_listeners(add):
    base = write_transformer(["tagger", "ner", "textcat"])
    before = load_config_from_str(base).interpolate()
    code, _, output = add(base)
    after = read(output)
    assert code == 0 and after["nlp"] == before["nlp"]
    assert after["components"]["tagger"] == before["components"]["tagger"]
    for name in ("ner", "textcat"):
        listener = before["components"][name]["model"]["tok2vec"]
        wrapped = {
            "@architectures": DIFFUSED,
            "boundaries": "doc",
            "diffusion": recommended.DIFFUSION,
        }
        assert after["components"][name]["model"]["tok2vec"] == {**wrapped, "tok2vec": listener}


@pytest.mark.parametrize("pipeline", [["textcat"], ["tagger", "textcat"]])
def test_a_transformer_is_shared_by_all_its_listeners(pipeline, add):
    _, _, output = add(write_transformer(pipeline), "--stability", "0.05")
    stabilizer = read(output)["components"]["stabilizer"]
    assert stabilizer["pipes"] == ["textcat"]
    assert stabilizer["supervision"] == (1.0 if pipeline == ["textcat"] else 0.0)


def test_sourced_components(source, add, corpus, tmp_path):
    code, printed, output = add(write_sourced(source))
    after = read(output)
    assert code == 0 and "Added the callback spacy-stablediff.attach.v1" in printed
    assert f"Left the model of tok2vec without {WORD_GRAPH}" in printed
    assert after["nlp"]["pipeline"] == ["tok2vec", "stablediff", "stabilizer", "tagger", "ner"]
    assert after["nlp"]["after_pipeline_creation"]["pipes"] == ["ner"]
    check_config(output, corpus)
    nlp = train_steps(output, corpus, tmp_path)
    assert diffusions(nlp) == {"stablediff", "ner"}
    assert has_learned(nlp, "ner")


@pytest.mark.parametrize("options", [["--time", "0.5"], ["--layer", "heat"]])
def test_warns_of_a_layer_that_acts_at_once_on_sourced_components(options, source, add, corpus):
    _, printed, _ = add(write_sourced(source), *options)
    assert "[SDW52]" in printed and "sourced, so trained" in printed
    _, printed, _ = add(write_sourced(source))
    assert "SDW52" not in printed


def test_trains_between_sourced_components(source, add, corpus, tmp_path):
    _, printed, output = add(write_sourced(source), "--pipes", "tagger")
    assert "Added the callback spacy-stablediff.know_words.v1" in printed
    assert read(output)["nlp"]["after_pipeline_creation"]["pipes"] == ["tok2vec"]
    nlp = train_steps(output, corpus, tmp_path)
    assert has_learned(nlp, "stablediff")
    assert nlp.config["components"]["tok2vec"]["model"]["@architectures"] == WORD_GRAPH


def write_listening(source, classifier, *others):
    """A config of components that listen to an embedding that was trained before."""
    config = load_config_from_str(write_config(["tagger"]))
    config["nlp"]["pipeline"] = ["tok2vec", classifier, *others]
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    config["components"]["tagger"]["model"]["tok2vec"] = listener
    model = {
        "@architectures": "spacy.TextCatReduce.v1",
        "exclusive_classes": classifier == "textcat",
        **{f"use_reduce_{each}": each == "mean" for each in ("first", "last", "max", "mean")},
        "tok2vec": listener,
    }
    config["components"][classifier] = {"factory": classifier, "model": model}
    config["components"]["tok2vec"] = {"source": str(source)}
    return config.to_str(interpolate=False)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_text_classifiers_on_a_trained_embedding_learn_from_copies(
    classifier, source, add, corpus, tmp_path
):
    base = write_listening(source, classifier)
    code, printed, output = add(base)
    after = read(output)
    assert code == 0 and "by the annotation of an edited copy of each text" in printed
    assert after["nlp"]["pipeline"] == ["tok2vec", "stabilizer", classifier]
    callback = after["nlp"]["after_pipeline_creation"]
    assert (callback["pipes"], callback["min_count"]) == (["tok2vec"], 0)
    stabilizer = after["components"]["stabilizer"]
    assert [stabilizer[key] for key in ("weight", "supervision", "share")] == [0.0, 1.0, 1.0]
    assert "pipes" not in stabilizer
    check_config(output, corpus)
    nlp = train_steps(output, corpus, tmp_path)
    assert nlp.config["components"]["tok2vec"]["model"]["@architectures"] == WORD_GRAPH
    for options in (["--layer", "multiscale"], ["--stability", "0.05"], ["--time", "0.5"]):
        pipeline = ["tok2vec", "stablediff", "stabilizer", classifier]
        assert read(add(base, *options)[2])["nlp"]["pipeline"] == pipeline


@pytest.mark.parametrize("change", ["frozen", "beside", "spared"])
def test_others_on_a_trained_embedding_are_diffused(change, source, add):
    config = load_config_from_str(write_listening(source, "textcat", "tagger"))
    if change == "frozen":
        config["training"]["frozen_components"] = ["tok2vec", "tagger"]
        config["nlp"]["pipeline"] = ["tok2vec", "tagger", "textcat"]
    if change == "spared":
        config["nlp"]["pipeline"] = ["tok2vec", "tagger", "textcat"]
    options = ["--pipes", "textcat"] if change == "spared" else []
    _, _, output = add(config.to_str(interpolate=False), *options)
    assert "stablediff" in read(output)["nlp"]["pipeline"]


def test_trains_behind_a_frozen_embedding(source, add, corpus, tmp_path, recwarn):
    config = load_config_from_str(write_config(["ner"]))
    config["components"]["ner"]["model"]["tok2vec"]["width"] = 96
    config["components"]["tok2vec"] = {"source": str(source)}
    _, _, output = add(config.to_str(interpolate=False))
    frozen = {"training.frozen_components": ["tok2vec"]}
    annotating = {"training.annotating_components": ["tok2vec"]}
    nlp = train_steps(output, corpus, tmp_path, **frozen, **annotating)
    assert has_learned(nlp, "stablediff")
    assert not [warning for warning in recwarn if "[SD" in str(warning.message)]


def test_sourced_listener_that_is_replaced(source, add, corpus):
    tagger = {"replace_listeners": ["model.tok2vec"]}
    code, _, output = add(write_sourced(source, tagger=tagger), "--pipes", "tagger,ner")
    assert code == 0
    after = read(output)
    assert after["nlp"]["pipeline"] == ["tok2vec", "tagger", "ner"]
    assert after["nlp"]["after_pipeline_creation"]["pipes"] == ["tagger", "ner"]
    assert diffusions(load_model_from_config(load_config(output))) == {"tagger", "ner"}


def test_refuses_sources_it_cannot_handle(source, add):
    code, printed, _ = add(write_sourced(source.with_name("missing")))
    assert code == 1 and "[SD059]" in printed
    code, printed, _ = add(write_sourced(source, ner={"component": "beam"}))
    assert code == 1 and "the component 'beam'" in printed
    callback = '[nlp.after_pipeline_creation]\n@callbacks = "my_callback"\n'
    base = write_sourced(source).replace("after_pipeline_creation = null\n", "")
    code, printed, _ = add(base.replace("[corpora]\n", f"{callback}\n[corpora]\n", 1))
    assert code == 1 and "[SD060]" in printed
