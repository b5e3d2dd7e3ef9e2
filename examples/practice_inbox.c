/* CarePost from C: collects every message that is waiting, then waits for the next ones, as practice software would.
 *
 *     practice_inbox FOLDER [SECONDS]
 *
 * Ends when nothing has come for SECONDS (10). Shows the event descriptor in a poll loop. Text of strangers is written as it
 * is: a real program cleans it before it reaches a terminal.
 *
 *     cc practice_inbox.c $(pkg-config --cflags --libs carepost)
 */
#include <carepost/carepost.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints and frees an error; 1 if there was one. */
static int failed(carepost_error* error) {
    if (error == NULL) return 0;
    fprintf(stderr, "%s: %s\nhint: %s\n", carepost_error_name(error), carepost_error_message(error),
            carepost_error_hint(error));
    carepost_error_free(error);
    return 1;
}

/* Fetches one message and signs for it. The receipt is given only after all files are whole and verified. */
static int collect(carepost_client* client, const char* id, const char* folder) {
    carepost_message* message = NULL;
    carepost_files* files = NULL;
    size_t i;
    if (failed(carepost_message_get(client, id, 0, &message))) return 1;
    if (carepost_message_folder(message) == CAREPOST_FOLDER_INBOX && !carepost_message_is_received(message) &&
        carepost_message_error(message) == NULL) {
        if (failed(carepost_get_to_directory(client, message, folder, 1, NULL, NULL, 0, &files))) {
            carepost_message_free(message);
            return 1;
        }
        printf("%s from %s: %s\n", id, carepost_message_sender(message), carepost_message_subject(message));
        for (i = 0; i < carepost_files_count(files); ++i)
            printf("  %s\n", carepost_files_path(files, i));
        fflush(stdout);
    }
    carepost_files_free(files);
    carepost_message_free(message);
    return 0;
}

/* Takes the events that wait; 1 on an error. */
static int take_events(carepost_client* client, const char* folder) {
    for (;;) {
        carepost_event* event = NULL;
        int result = 0;
        if (failed(carepost_next_event(client, 0, &event))) return 1;
        if (event == NULL) return 0;
        if (carepost_event_kind(event) == CAREPOST_EVENT_ARRIVED)
            result = collect(client, carepost_event_message_id(event), folder);
        carepost_event_free(event);
        if (result != 0) return 1;
    }
}

static int watch(carepost_client* client, const char* folder, int seconds) {
    struct pollfd waiting;
    waiting.fd = carepost_event_fd(client);
    waiting.events = POLLIN;
    /* From the beginning: what was collected before is skipped. A real program keeps carepost_event_number instead. */
    if (failed(carepost_watch(client, 0, 0))) return 1;
    while (poll(&waiting, 1, seconds * 1000) > 0)
        if (take_events(client, folder) != 0) return 1;
    return 0;
}

int main(int argc, char** argv) {
    carepost_options* options = carepost_options_new();
    carepost_client* client = NULL;
    const char* home = getenv("CAREPOST_HOME");
    int result;
    if (argc < 2 || options == NULL || !carepost_version_check(CAREPOST_VERSION)) {
        fprintf(stderr, "usage: practice_inbox FOLDER [SECONDS]\n");
        carepost_options_free(options);
        return 64;
    }
    result = (home != NULL && failed(carepost_options_set_home(options, home))) ||
             failed(carepost_open(options, &client)) || watch(client, argv[1], argc > 2 ? atoi(argv[2]) : 10);
    carepost_close(client);
    carepost_options_free(options);
    return result;
}
