"""Why systemd says that a unit does not run, in words that its owner understands.

The numbers are systemd's own (systemd.exec(5), "Process exit codes"): a process that was forked
but never became the program ends with one of them.
"""

from picoclaw_watchdog.core.model import UnitFacts

BEFORE_EXEC = {
    200: ("CHDIR", "WorkingDirectory= cannot be entered"),
    201: ("NICE", "Nice= cannot be set"),
    202: ("FDS", "its file descriptors cannot be prepared"),
    203: ("EXEC", "the program named in ExecStart cannot be executed"),
    204: ("MEMORY", "there is no memory to start it with"),
    205: ("LIMITS", "a Limit...= cannot be set"),
    206: ("OOM_ADJUST", "OOMScoreAdjust= cannot be set"),
    207: ("SIGNAL_MASK", "its signals cannot be set up"),
    208: ("STDIN", "StandardInput= cannot be opened"),
    209: ("STDOUT", "StandardOutput= cannot be opened"),
    210: ("CHROOT", "RootDirectory= cannot be entered"),
    211: ("IOPRIO", "IOScheduling...= cannot be set"),
    212: ("TIMERSLACK", "TimerSlackNSec= cannot be set"),
    213: ("SECUREBITS", "SecureBits= cannot be set"),
    214: ("SETSCHEDULER", "CPUScheduling...= cannot be set"),
    215: ("CPUAFFINITY", "CPUAffinity= cannot be set"),
    216: (
        "GROUP",
        "its groups cannot be set: a user's unit takes no SupplementaryGroups=",
    ),
    217: ("USER", "the user named in User= cannot be found or become"),
    218: ("CAPABILITIES", "its capabilities cannot be set: a user's unit has none to give"),
    219: ("CGROUP", "its control group cannot be set up"),
    220: ("SETSID", "it cannot get a session of its own"),
    221: ("CONFIRM", "its start was not confirmed"),
    222: ("STDERR", "StandardError= cannot be opened"),
    224: ("PAM", "PAMName= refused the session"),
    225: ("NETWORK", "its network namespace cannot be set up"),
    226: (
        "NAMESPACE",
        "its view of the files cannot be set up: a path that it names is missing",
    ),
    227: ("NO_NEW_PRIVILEGES", "NoNewPrivileges= cannot be set"),
    228: ("SECCOMP", "SystemCallFilter= or another filter cannot be set"),
    229: ("SELINUX_CONTEXT", "SELinuxContext= cannot be set"),
    230: ("PERSONALITY", "Personality= cannot be set"),
    231: ("APPARMOR", "AppArmorProfile= cannot be loaded"),
    232: ("ADDRESS_FAMILIES", "RestrictAddressFamilies= cannot be set"),
    233: ("RUNTIME_DIRECTORY", "RuntimeDirectory= cannot be made"),
    235: ("CHOWN", "a socket or folder cannot be given its owner"),
    236: ("SMACK_PROCESS_LABEL", "SmackProcessLabel= cannot be set"),
    237: ("KEYRING", "its kernel keyring cannot be set up"),
    238: ("STATE_DIRECTORY", "StateDirectory= cannot be made"),
    239: ("CACHE_DIRECTORY", "CacheDirectory= cannot be made"),
    240: ("LOGS_DIRECTORY", "LogsDirectory= cannot be made"),
    241: ("CONFIGURATION_DIRECTORY", "ConfigurationDirectory= cannot be made"),
    242: ("NUMA_POLICY", "NUMAPolicy= cannot be set"),
    243: ("CREDENTIALS", "LoadCredential= or SetCredential= cannot be read"),
}
EX_CONFIG = 78  # sysexits.h

RESULTS = {
    "resources": "systemd cannot prepare its start: a file it needs (EnvironmentFile=) is missing, "
    "or the system has no room for it",
    "protocol": "it ended before it said READY, or left no main process: Type= does not fit it",
    "oom-kill": "killed for lack of memory (oom-kill)",
    "watchdog": "killed because it no longer told systemd that it lives (WatchdogSec=)",
    "timeout": "it did not start or stop in time (TimeoutStartSec=, TimeoutStopSec=)",
    "start-limit-hit": "started too often in too short a time (start-limit-hit)",
    "exec-condition": "ExecCondition= said no",
}
# Nothing that is tried again changes them.
FUTILE_RESULTS = ("resources", "protocol")
BROKEN_FILES = {
    "bad-setting": "its unit file has a mistake that systemd refuses (systemd-analyze verify)",
    "error": "its unit file cannot be read",
}


def why_it_cannot_start(unit: UnitFacts) -> str:
    """The reason that no restart mends; empty where there is none."""
    if unit.load in BROKEN_FILES:
        return BROKEN_FILES[unit.load]
    if unit.result in FUTILE_RESULTS:
        return f"{unit.result}: {RESULTS[unit.result]}"
    ended = unit.result in ("exit-code", "start-limit-hit") and unit.code in ("exited", "")
    if not ended:
        return ""
    if unit.status == EX_CONFIG:
        return "78/CONFIG: the program says that its own configuration is wrong"
    if unit.status in BEFORE_EXEC:
        name, words = BEFORE_EXEC[unit.status]
        return f"{unit.status}/{name}: {words}"
    return ""


def why_it_ended(unit: UnitFacts) -> str:
    """The reason of its last end, in words; empty where it is none."""
    if unit.result in ("", "success"):
        return ""
    how = f"result {unit.result}"
    if unit.result == "exit-code" and unit.status:
        return f"{how}, exit status {unit.status}"
    if unit.result in ("signal", "core-dump") and unit.status:
        return f"{how}, signal {unit.status}"
    return RESULTS.get(unit.result, how)
