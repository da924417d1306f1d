"""GenRe as a RecourseMethod."""
