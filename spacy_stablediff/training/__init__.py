"""The losses of stability training: functions of arrays."""
