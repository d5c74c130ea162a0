from acrm.render.charts.svg import accessible

DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="marks" width="10" '
    'height="10" viewBox="0 0 10 10"><g class="mark-rect role-mark marks" role="graphics-object" '
    'aria-roledescription="rect mark container"><path aria-label="a &lt; b" role="graphics-symbol" '
    'd="M0.04999,147.27272727h18.96v1e-13Z" fill="#1f5fb8" opacity="1" onclick="x()"/>'
    '<path d="M0,0" display="none"/></g><g class="mark-text role-axis-label" pointer-events="none"><text '
    'font-family="sans-serif" font-size="12px" transform="translate(-7,275.72)">5 &amp; 6</text></g><g></g></svg>'
)


def test_geometry_colours_letters_and_tips_are_left() -> None:
    assert accessible(DRAWN, "c", "A <title>", "What\nit is") == (
        '<svg width="10" height="10" viewBox="0 0 10 10" class="chart" role="img" aria-labelledby="c-t c-d">'
        '<title id="c-t">A &lt;title&gt;</title><desc id="c-d">What it is</desc>'
        '<g class="marks"><path d="M0,147.3h19v0Z" fill="#1f5fb8"><title>a &lt; b</title></path></g>'
        '<g><text font-size="12px" transform="translate(-7,275.7)">5 &amp; 6</text></g></svg>'
    )
