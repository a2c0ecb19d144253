from tests.races.figures import FULL, reached


def pytest_terminal_summary(terminalreporter):
    if not reached:
        return
    terminalreporter.section(f"figures, {'full size' if FULL else 'a tenth of full size'}")
    for invariant, text in sorted(reached):
        terminalreporter.write_line(f"{invariant:5} {text}")
