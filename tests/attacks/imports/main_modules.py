# expect: completed
# files: grader/__init__.py grader/__main__.py conftest.py pytest.py
# A folder called grader, a conftest.py: nobody but this run could import them.
import grader

print(grader.SHADOW)
