from acrm import messages
from acrm.render.blocks import Col, Grid
from acrm.render.tables import table

COLUMNS = [
    Col("segment"),
    Col("customers", "int"),
    Col("of all", "bar"),
    Col("by month", "spark"),
    Col("moved", "heat"),
]


def test_cells_are_written_as_in_a_terminal_with_bars_lines_and_shades() -> None:
    shown = table(Grid("Segments", COLUMNS, [["new", 1234, 0.5, [0, 1, None, 2], 0.8], ["gone", None, 0.25, [], 0.0]]))
    first, second = shown.rows
    assert [cell.text for cell in first] == ["new", "1,234", "50.0%", "", "80"]
    assert [cell.text for cell in second] == ["gone", "–", "25.0%", "–", "·"]
    assert [cell.bar for cell in (first[2], second[2])] == [100.0, 50.0]
    assert first[3].spark == "M0,17L26.67,9M80,1"
    assert [cell.look for cell in (first[4], second[4], second[1])] == ["heat s6", "heat", "num none"]
    assert [head.look for head in shown.heads] == ["name-cell", "num", "bars", "spark", "heat"]


def test_long_names_get_room_and_rows_left_out_are_told() -> None:
    shown = table(Grid("Rules", [Col("rule")], [["a name that is longer than twenty-eight"]], more=7))
    assert shown.rows[0][0].look == "name-cell long"
    assert (shown.named, shown.more) == (True, "… 7 more")


def test_figures_follow_the_language_and_text_is_harmless() -> None:
    messages.use("ru")
    shown = table(Grid("", [Col("a"), Col("b", "share")], [["x\x1b[31m\u202e", 0.125]]))
    assert [cell.text for cell in shown.rows[0]] == ["x␛[31m\ufffd", "12,5%"]
