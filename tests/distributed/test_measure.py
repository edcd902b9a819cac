"""Stability measured by several workers: the figures of one process."""

import re

import pytest
from spacy.cli._util import app
from spacy.tokens import DocBin
from spacy.training.augment import create_lower_casing_augmenter
from typer.testing import CliRunner

from spacy_stablediff import measure_stability
from spacy_stablediff.edits.augmenter import Edits

from ..measure.examples import LONG_TEXTS
from ..pipelines import bare, examples_for
from ..references import flatten_figures

pytestmark = pytest.mark.real("ray")

CURVES = {"letters": {0.1: Edits(0, 0, 0, letters=0.1), 0.3: Edits(0, 0, 0, letters=0.3)}}


def assert_same(found, expected, rel):
    assert flatten_figures(found.to_dict()) == pytest.approx(
        flatten_figures(expected.to_dict()), rel=rel, abs=1e-6 if rel > 1e-6 else 1e-12
    )
    texts = [
        [[token.text for token in tokens] for view in result.samples for tokens in (view.edited,)]
        for result in (found, expected)
    ]
    assert texts[0] == texts[1]
    assert found.mended == expected.mended


@pytest.fixture
def measured(cluster, pipeline):
    """Measure in one process and by workers."""
    from spacy_stablediff.distributed import measure

    nlp, path = pipeline

    def run(data, dataset=None, *, concurrency=2, batch_size=8, **options):
        expected = measure_stability(nlp, data, batch_size=8, **options)
        dataset = data if dataset is None else dataset
        options |= {"concurrency": concurrency, "batch_size": batch_size}
        return measure(dataset, path, **options), expected

    return run


def test_documents_with_gold_annotation_have_the_same_figures(measured, pipeline):
    nlp, _ = pipeline
    examples = [*examples_for(nlp), *bare(nlp, ["", *LONG_TEXTS])]
    found, expected = measured(examples, curves=CURVES, seed=3)
    assert_same(found, expected, rel=1e-9)
    assert found.scores is not None and found.scores == expected.scores
    assert found.provenance == expected.provenance


@pytest.mark.parametrize("workers, size", [(1, 5), (2, 3)])
def test_neither_workers_nor_cuts_change_more_than_rounding(measured, workers, size):
    edits = {"typo": Edits(), "lower": create_lower_casing_augmenter(0.5)}
    found, expected = measured(LONG_TEXTS, edits=edits, concurrency=workers, batch_size=size)
    assert_same(found, expected, rel=1e-4)
    assert found.edits["typo"].cats_flips == expected.edits["typo"].cats_flips
    assert found.edits["lower"].ents_agreement == expected.edits["lower"].ents_agreement


@pytest.mark.parametrize("with_index", [True, False])
@pytest.mark.parametrize("limit", [0, 20])
def test_datasets_of_texts_have_the_same_figures(cluster, measured, with_index, limit):
    texts = ["", *LONG_TEXTS]
    rows = [{"text": text, **({"index": i} if with_index else {})} for i, text in enumerate(texts)]
    dataset = cluster.data.from_items(rows, override_num_blocks=5)
    dataset = dataset.random_shuffle(seed=0) if with_index else dataset
    found, expected = measured(texts, dataset, limit=limit)
    assert found.documents == (limit or len(LONG_TEXTS))
    assert_same(found, expected, rel=1e-4)


@pytest.mark.parametrize("index", [-1, None, "first"])
def test_an_index_that_is_no_place_is_named(cluster, pipeline, index):
    from spacy_stablediff.distributed import measure

    dataset = cluster.data.from_items([{"text": "Anselmo fixed it", "index": index}])
    with pytest.raises(ValueError, match=rf"\[SD200\] The column 'index'.*{index!r}"):
        measure(dataset, pipeline[1], concurrency=1)


def test_a_baseline_is_measured_on_the_same_documents(cluster, pipeline):
    from spacy_stablediff.distributed import measure

    nlp, path = pipeline
    found = measure(iter(LONG_TEXTS), path, baseline=path, name="ours", concurrency=1)
    expected = measure_stability(nlp, LONG_TEXTS, baseline=nlp, name="ours")
    assert_same(found, expected, rel=1e-4)
    assert found.edits == found.baseline.edits


def run_command(*args):
    result = CliRunner().invoke(app, ["stablediff", "stability", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    return result.exit_code, result.output


def test_the_command_prints_the_same_table(cluster, pipeline, tmp_path):
    nlp, path = pipeline
    DocBin(docs=[eg.reference for eg in examples_for(nlp)]).to_disk(tmp_path / "data.spacy")
    args = [path, tmp_path / "data.spacy", "--quick"]
    code, output = run_command(*args, "--workers", 2)
    assert code == 0
    assert table(output) == table(run_command(*args)[1])


def test_augmenters_of_a_file_of_code_reach_the_workers(cluster, pipeline, tmp_path):
    (tmp_path / "data.txt").write_text("Anselmo fixed it\nnever again\n")
    (tmp_path / "code.py").write_text(
        "from spacy import registry\n"
        "from spacy.training import Example\n"
        "def shout(nlp, example):\n"
        "    yield Example(nlp.make_doc(example.text.upper()), example.reference)\n"
        "registry.augmenters('test_shout.v1', func=lambda: shout)\n"
    )
    (tmp_path / "edits.cfg").write_text('[edits]\n\n[edits.x]\n@augmenters = "test_shout.v1"\n')
    args = [pipeline[1], tmp_path / "data.txt", "-e", tmp_path / "edits.cfg"]
    code, output = run_command(*args, "-c", tmp_path / "code.py", "--workers", 1)
    assert code == 0 and "2 documents" in output


def table(output):
    rows = re.findall(r"^.*(?:clean|Mean|Identity|flips|F of).*$", output, flags=re.M)
    assert len(rows) >= 4
    return rows


@pytest.mark.parametrize(
    "code, options",
    [
        ("SD171", {"model": "nobody"}),
        ("SD108", {"limit": -1}),
        ("SD110", {"edits": {}}),
        ("SD103", {"component": "nobody"}),
        ("SD109", {"dataset": [""]}),
        ("SD117", {"dataset": [None]}),
        ("SD113", {"dataset": "nothing.spacy"}),
        ("SD175", {"concurrency": 0}),
    ],
)
def test_refuses_what_one_process_refuses(cluster, pipeline, code, options):
    from spacy_stablediff.distributed import measure

    settings = {"dataset": ["ok"], "model": pipeline[1], "concurrency": 1, **options}
    with pytest.raises(ValueError, match=rf"\[{code}\]"):
        measure(**settings)


def test_what_fails_on_a_worker_is_raised_as_it_is(cluster, pipeline):
    from spacy_stablediff.distributed import measure

    def fail(nlp, example):
        raise RuntimeError("nobody knows why")
        yield example

    with pytest.raises(ValueError, match=r"^RuntimeError: nobody knows why$"):
        measure(["ok"], pipeline[1], {"fail": fail}, concurrency=1)
    dataset = cluster.data.from_items([{"body": "ok"}])
    with pytest.raises(ValueError, match=r"\[SD177\].*body"):
        measure(dataset, pipeline[1], concurrency=1)
