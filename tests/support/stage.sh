# shellcheck shell=bash
# For stages written in bash: `source "$CAREPOST_ROOT/tests/support/stage.sh"`, then `check`, `skip`, and
# `finish` as the last command. A stage's last line is always "N passed, N failed[, N skipped]".

passed=0 failed=0 skipped=0

# check "sentence that should be true" COMMAND...
check() {
    local sentence=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $sentence"
    else
        failed=$((failed + 1))
        echo "FAILED: $sentence ($*)"
    fi
}

# skip "what" "why": never counted as passed.
skip() {
    skipped=$((skipped + 1))
    echo "skipped: $1: $2"
}

finish() {
    local line="$passed passed, $failed failed"
    [ "$skipped" = 0 ] || line+=", $skipped skipped"
    echo "$line"
    [ "$failed" = 0 ]
    exit
}
