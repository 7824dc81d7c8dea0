"""What every process of a test stands on before it loads torch: threads that wait let others compute."""

import os

os.environ["OMP_WAIT_POLICY"] = "passive"
