"""What the tests of the replay share: reading and steering the view in a page."""

VIEW = "document.querySelector('.twmr-replay').replay"  # the widget's own object, in the page


def wait_for_picture(page):
    page.wait_for_function(f"() => document.querySelector('.twmr-replay') && {VIEW}.drawn > 0")


def frame(page):
    return page.evaluate(f"{VIEW}.playback.frame")


def seek(page, to):
    page.evaluate(f"{VIEW}.playback.seek({to})")
    page.wait_for_function(f"() => !{VIEW}.dirty")


def chart_point(page, to, y):
    """Where on the page frame `to` lies on the chart, y pixels below its top."""
    chart = page.locator(".twmr-replay .chart canvas").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    return box["x"] + page.evaluate(f"{VIEW}.chart.x({to})"), box["y"] + y
