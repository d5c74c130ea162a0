"""`python -m acrm`."""

from acrm.cli import entry

if __name__ == "__main__":
    entry()
