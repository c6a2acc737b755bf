#ifndef GDLN_CPROCESS_H
#define GDLN_CPROCESS_H

// Linked into an executable, this target opens /dev/null on each of the descriptors 0 to 2 that is
// closed, before `main` runs. Otherwise the next file that the process opens gets that number, and
// what is meant for the standard output or the log is written into it.
//
// A closed output is opened for reading only: writing to it is an error, as it was before.

/// Not 0 if the process ignores the signal, as `nohup` makes it ignore SIGHUP.
int gdln_is_signal_ignored(int number);

#endif
