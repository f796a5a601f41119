"""Makes the reference definition importable: `import paths` first."""
from pathlib import Path
import sys

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
sys.path.insert(0, str(REFERENCE))
