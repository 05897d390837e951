@rem On Windows npm runs scripts in cmd.exe, which has no "exec": this stands for the one of other shells.
@%*
