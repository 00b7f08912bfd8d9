"""The pictures: what they tell, in Mermaid; and the page, measured and looked at in a real browser."""

from __future__ import annotations

import html
import json
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

from flake8_ipc.command import main
from test_command import ROOT, command

ONE_QUEUE = "fixtures/tutorial_nobody_puts_first_bad.py"
ONE_END = "fixtures/tutorial_pipe_one_end_for_both_bad.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

CROWD = '''\
import threading
from multiprocessing import Event, Lock, Manager, Pipe, Process, Queue, Value


def produce(jobs, lock, count):
    for number in range(3):
        jobs.put(number)
        with lock:
            count.value += 1


def consume(jobs, results, stop, left, right):
    while not stop.is_set():
        results.put(jobs.get())
    right.send(1)


def log_everything_that_comes_out_of_the_results(results):
    while True:
        print(results.get())


def main():
    jobs, results = Queue(), Queue()
    lock, count, a_rather_long_name_for_a_flag = Lock(), Value("i", 0), Event()
    left, right = Pipe()
    watcher = threading.Thread(target=log_everything_that_comes_out_of_the_results, args=(results,), daemon=True)
    watcher.start()
    producers = [Process(target=produce, args=(jobs, lock, count)) for _ in range(3)]
    consumer = Process(target=consume, args=(jobs, results, a_rather_long_name_for_a_flag, left, right))
    for producer in producers:
        producer.start()
    consumer.start()
    a_rather_long_name_for_a_flag.set()
    print(left.recv())
    consumer.join()


if __name__ == "__main__":
    main()
'''


def draw(*arguments: str) -> str:
    done = command("draw", *arguments, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_flowchart_tells_who_starts_whom_and_which_way_the_data_go() -> None:
    lines = [line.strip() for line in draw(ONE_QUEUE).splitlines()]
    assert lines[0] == "flowchart LR"
    assert 'g0p1(["process: child"])' in lines
    assert "g0p0 ==>|starts| g0p1" in lines
    assert 'g0p1 -->|"put line 9"| g0o0' in lines and 'g0o0 -->|"get line 8"| g0p1' in lines


def test_the_two_ends_of_a_pipe_are_one_thing_and_each_deed_names_its_end() -> None:
    text = draw(ONE_END)
    assert text.count("g0o0[") == 1 and "g0o1" not in text
    assert '|"end.recv line 8"|' in text and '|"end.recv line 18"|' in text


def test_processes_that_are_called_alike_are_numbered() -> None:
    text = draw("fixtures/ipc602_lending_desk_bad.py")
    assert '(["process: move"])' in text and '(["process: move (2)"])' in text
    said = draw("fixtures/ipc602_lending_desk_bad.py", "--finding", "1")
    called = re.findall(r"as (process: move.*)", said)
    assert len(called) > 1 and len(called) == len(set(called))


def test_a_finding_is_a_sequence_that_ends_in_waits() -> None:
    said = draw(ONE_QUEUE, "--finding", "1").splitlines()
    assert said[0] == "sequenceDiagram"
    assert "    c0->>c1: start (line 15)" in said
    assert [line for line in said if "-x" in line] == [
        "    c0-xc2: get (line 16) never returns",
        "    c1-xc2: get (line 8) never returns",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((ONE_QUEUE, "--finding", "7"), "has no finding 7; it has 2"),
        ((ONE_END, "--finding", "2"), "IPC302 at line 18 has no story that could be drawn"),
        (("fixtures/tutorial_array_filled_good.py",), "starts no process"),
        (("nowhere.py",), "No such file"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_2(arguments: tuple[str, ...], says: str) -> None:
    done = command("draw", *arguments, cwd=ROOT)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert says in done.stderr


@pytest.mark.parametrize("finding", [[], ["--finding", "1"]])
def test_the_page_needs_nothing_from_elsewhere(finding: list[str]) -> None:
    text = draw("--html", ONE_QUEUE, *finding)
    assert text.startswith("<!DOCTYPE html>")
    assert not re.search(r"<script|<link|<img|@import|https?:|url\((?!#)", text)


def test_what_the_program_says_is_no_markup(tmp_path: pathlib.Path) -> None:
    said = command("draw", "--html", "-", "--stdin-display-name", "<b>&.py", cwd=tmp_path, text=CROWD).stdout
    assert "<b>" not in said and "&lt;b&gt;&amp;.py" in said


def test_whatever_has_findings_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    for file in sorted((ROOT / "fixtures").glob("ipc[36]*_bad.py")):
        # 2 is for a program of one process, in one line.
        assert main(["draw", "--isolated", str(file)]) in (0, 2)
        assert main(["draw", "--isolated", "--html", str(file)]) == 0
        assert len(capsys.readouterr().err.splitlines()) <= 1


# -- in a browser

_MEASURE = """<pre id="measured"></pre><script>
const boxes = [...document.querySelectorAll("svg[role=img]")].map(svg => {
  const frame = svg.getBoundingClientRect();
  const of = one => {
    const r = one.getBoundingClientRect();
    return [r.left - frame.left, r.top - frame.top, r.right - frame.left, r.bottom - frame.top];
  };
  return {size: [frame.width, frame.height],
    texts: [...svg.querySelectorAll("text")].map(one => [one.textContent, ...of(one)]),
    rects: [...svg.querySelectorAll("rect:not(.back)")].map(of),
    backs: [...svg.querySelectorAll("rect.back")].map(of),
    lines: [...svg.querySelectorAll("path.life")].map(of)};
});
const style = getComputedStyle(document.body);
const text = document.querySelector("svg text"), rect = document.querySelector("rect.process");
document.getElementById("measured").textContent = JSON.stringify({boxes, page: style.backgroundColor,
  ink: getComputedStyle(text).fill, box: getComputedStyle(rect).fill, stuck: getComputedStyle(document.body)
  .getPropertyValue("--stuck"), elsewhere: performance.getEntriesByType("resource").map(one => one.name)});
</script></body>"""

NO_CHROMIUM = "needs Chromium (Debian: apt-get install chromium)"
in_browser = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]


def browse(page: pathlib.Path, *options: str) -> str:
    assert CHROMIUM is not None
    profile = page.parent / "profile"
    usual = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
    done = subprocess.run([CHROMIUM, *usual, *options, page.as_uri()], capture_output=True, text=True, timeout=120)
    return done.stdout


def measured(text: str, folder: pathlib.Path, *options: str) -> dict[str, object]:
    page = folder / "page.html"
    page.write_text(text.replace("</body>", _MEASURE), encoding="utf-8")
    dom = browse(page, "--dump-dom", *options)
    found = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-500:]
    return dict(json.loads(found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")))


def page_of(name: str) -> str:
    if name == "crowd":
        return command("draw", "--html", "-", cwd=ROOT, text=CROWD).stdout
    return draw("--html", f"fixtures/{name}")


def within(one: list[float], other: list[float]) -> bool:
    return other[0] <= one[0] and one[2] <= other[2] and other[1] <= one[1] and one[3] <= other[3]


def apart(one: list[float], other: list[float]) -> bool:
    # Less than a pixel is rounding.
    return one[2] <= other[0] + 1 or other[2] <= one[0] + 1 or one[3] <= other[1] + 1 or other[3] <= one[1] + 1


@pytest.mark.parametrize("name", ["crowd", ONE_QUEUE[9:], ONE_END[9:], "ipc602_lending_desk_bad.py", "ipc202_census_bad.py"])
class TestInBrowser:
    pytestmark = in_browser

    def test_nothing_overlaps_and_every_text_fits(self, name: str, tmp_path: pathlib.Path) -> None:
        found = measured(page_of(name), tmp_path)
        assert found["elsewhere"] == []
        assert found["boxes"]
        for picture in found["boxes"]:  # type: ignore[attr-defined]
            texts, rects, (width, height) = picture["texts"], picture["rects"], picture["size"]
            for words, *place in texts:
                # A line that runs where a text stands is covered there.
                crossed = any(not apart(place, line) for line in picture["lines"])
                assert not crossed or any(within(place, back) for back in picture["backs"]), words
            assert texts and rects
            for number, (words, *place) in enumerate(texts):
                assert 0 <= place[0] and place[2] <= width and 0 <= place[1] and place[3] <= height, words
                for other, *there in texts[number + 1 :]:
                    assert apart(place, there), (words, other)
                for rect in rects:
                    assert within(place, rect) or apart(place, rect), words
            for number, one in enumerate(rects):
                assert all(apart(one, other) for other in rects[number + 1 :])

    def test_it_can_be_read_in_light_and_dark(self, name: str, tmp_path: pathlib.Path) -> None:
        pages = []
        for mode in ("1", "0"):
            found = measured(page_of(name), tmp_path, f"--blink-settings=preferredColorScheme={mode}")
            assert contrast(str(found["ink"]), str(found["page"])) >= 7
            assert contrast(str(found["ink"]), str(found["box"])) >= 7
            assert contrast(_rgb(str(found["stuck"])), str(found["page"])) >= 4.5
            pages.append(found["page"])
        assert pages[0] != pages[1]


def _rgb(text: str) -> str:
    digits = text.strip().lstrip("#")
    return f"rgb({int(digits[:2], 16)}, {int(digits[2:4], 16)}, {int(digits[4:], 16)})"


def contrast(one: str, other: str) -> float:
    """Source: W3C, Web Content Accessibility Guidelines 2.1, contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# -- by Mermaid itself

_RENDER = """<!DOCTYPE html><meta charset="utf-8"><div id="there"></div><pre id="measured"></pre>
<script src="mermaid.min.js"></script>
<script>
mermaid.initialize({startOnLoad: false});
(async () => {
  const found = [];
  for (const [number, text] of TEXTS.entries()) {
    try {
      const kind = (await mermaid.parse(text)).diagramType;
      const {svg} = await mermaid.render("picture" + number, text);
      document.getElementById("there").innerHTML = svg;
      found.push([kind, document.getElementById("there").textContent]);
    } catch (error) { found.push(["error", String(error)]); }
  }
  document.getElementById("measured").textContent = JSON.stringify(found);
})();
</script>"""


@pytest.fixture(scope="module")
def mermaid(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with Mermaid for a page, from the npm registry."""
    folder = tmp_path_factory.mktemp("mermaid")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm, to fetch Mermaid")
    done = subprocess.run([npm, "pack", "--silent", "mermaid@11.17.2"], cwd=folder, capture_output=True, timeout=250)
    if done.returncode:
        pytest.skip("npm can't fetch Mermaid here")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        part = archive.extractfile("package/dist/mermaid.min.js")
        assert part is not None
        (folder / "mermaid.min.js").write_bytes(part.read())
    return folder


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
def test_mermaid_draws_what_is_written_for_it(mermaid: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "odd.py").write_text(CROWD.replace("watcher", "end").replace("lock", "graph").replace("jobs", "subgraph"))
    texts = [command("draw", "odd.py", cwd=tmp_path).stdout, command("draw", "-", cwd=ROOT, text=CROWD).stdout]
    for file in (ONE_QUEUE, ONE_END, "fixtures/ipc602_lending_desk_bad.py", "fixtures/ipc202_census_bad.py"):
        texts.append(draw(file))
    for file, number in ((ONE_QUEUE, "1"), (ONE_QUEUE, "2"), ("fixtures/ipc602_lending_desk_bad.py", "1")):
        texts.append(draw(file, "--finding", number))
    page = mermaid / "page.html"
    page.write_text(_RENDER.replace("TEXTS", json.dumps(texts)), encoding="utf-8")
    dom = browse(page, "--dump-dom", "--virtual-time-budget=60000", "--allow-file-access-from-files")
    found = re.search(r'<pre id="measured">(.+?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-500:]
    drawn = json.loads(html.unescape(found[1]))
    assert [kind for kind, _ in drawn] == ["flowchart-v2"] * 6 + ["sequence"] * 3, drawn
    for (_, shown), text in zip(drawn, texts, strict=True):
        # What is in quotes, or behind the colon of a step, is to be read in the picture.
        for words in re.findall(r'"([^"]*)"|: (.+)$', text, re.MULTILINE):
            for part in re.split("<br>|&.*?;|#.*?;", "".join(words)):
                assert "".join(part.split()) in "".join(shown.split()), (part, shown)
