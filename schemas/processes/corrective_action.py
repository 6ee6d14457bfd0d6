"""The words of what units hear of surveys, and of their corrective actions (S3 §8 5.9, 5.10)."""

from schemas.words import Ending


class CorrectiveEnding(Ending):
    """How it ends that a unit is told what its customers say."""

    COMMENDED = "commended", "表彰", True
    IMPROVED = "improved", "已整改", True
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
