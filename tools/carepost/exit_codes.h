#pragma once
// The one table of exit codes (docs/man/carepost.1.scd, "EXIT STATUS"). Numbers are those of sysexits where one fits.

namespace carepost::command {

enum class ExitCode : int {
    ok = 0,
    usage = 64,          // the command line makes no sense
    bad_data = 65,       // the data does not verify, cannot be opened, or is over a limit
    no_input = 66,       // an input file or a message is not there
    no_recipient = 67,   // no such recipient
    unavailable = 69,    // the broker cannot be reached, trusted or understood
    bug = 70,            // a fault of CarePost
    cannot_create = 73,  // an output exists already, or cannot be made
    io = 74,             // reading or writing failed, or a disk is full
    temporary = 75,      // not now, or nobody knows whether it was done: safe to repeat, a send with the same --id
    fraud = 76,          // contradicting signed statements were found and kept
    not_allowed = 77,    // no right, an expired right, or a key that cannot be used
    configuration = 78,  // a wrong setting, or no identity
    split = 79           // two heads of the directory log that nobody has proven to be of one log
};

// The exit code of an error of the library: `code` is one of carepost_code. Codes of later versions go by their class.
ExitCode exit_code_of(int code, int error_class);

}  // namespace carepost::command
