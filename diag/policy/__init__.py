"""What a project makes of findings: which count, what is known already, how the job ends."""

from diag.policy.apply import Policy, apply
from diag.policy.baseline import encode_baseline, read_baseline
from diag.policy.judgement import exit_status, gravest_first, headline, verdict
from diag.policy.settings import Ignore, Settings, read_settings

__all__ = [
    "Ignore",
    "Policy",
    "Settings",
    "apply",
    "encode_baseline",
    "exit_status",
    "gravest_first",
    "headline",
    "read_baseline",
    "read_settings",
    "verdict",
]
