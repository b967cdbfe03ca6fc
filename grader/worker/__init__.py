"""The only code that runs beside the student's; the jail loads it as `gradeloop_worker`, the grader never."""
