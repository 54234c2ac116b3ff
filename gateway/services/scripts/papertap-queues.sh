#!/bin/sh
# Keeps the print queues of this computer (Linux, macOS) equal to what the print gateway shows it: adds what is missing,
# changes what is different, removes what is gone. It asks nothing, and touches only queues that it made itself.
#
# Run it as root, from cron, a timer or a management system. Where the gateway wants to know who asks, put a token into
# /etc/papertap/queues.token (readable by root alone) or into PAPERTAP_TOKEN.
#
# Exit status: 0 done; 1 the gateway did not answer or not whole, nothing was changed; 2 some queue could not be set.
set -u
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin

address=@ADDRESS@
authority=@AUTHORITY@
mark=@MARK@
token_file=${PAPERTAP_TOKEN_FILE:-/etc/papertap/queues.token}
token=${PAPERTAP_TOKEN:-}
if [ -z "$token" ] && [ -r "$token_file" ]; then token=$(head -n 1 "$token_file"); fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
between=$(printf '\037') # no white space, or empty fields would fall together

fetch() {
    set -- --silent --show-error --fail --max-time 60 --output "$folder/list"
    if [ -n "$authority" ]; then
        printf '%s\n' "$authority" >"$folder/ca.pem"
        set -- "$@" --cacert "$folder/ca.pem"
    fi
    # By standard input: what stands in the arguments of a command is there for all to read.
    if [ -n "$token" ]; then
        printf 'header = "Authorization: Bearer %s"\n' "$token"
    fi | curl "$@" --config - "$address"
}

fine() { # whether $1 is a queue's name as the gateway writes it
    case $1 in
    '' | -* | *[!a-z0-9-]*) return 1 ;;
    esac
}

made_here() { # whether queue $1 carries our mark; texts of people, which stand in quotes, count for nothing
    case " $(lpoptions -p "$1" 2>/dev/null | sed "s/'[^']*'//g") " in
    *" papertap-mark=$mark "*) return 0 ;;
    esac
    return 1
}

same() { # whether queue $1 leads to $2 and carries the texts $3 and $4, as written when it was set
    [ "$(lpstat -v "$1" 2>/dev/null | sed 's/^[^:]*: //')" = "$2" ] &&
        lpoptions -p "$1" 2>/dev/null | grep -q "papertap-texts=$(texts "$3" "$4")"
}

texts() { printf '%s\t%s' "$1" "$2" | cksum | tr -cd '0-9'; }

set_queue() { # name uri location info
    lpadmin -p "$1" -E -v "$2" -m everywhere -L "$3" -D "$4" \
        -o "papertap-mark-default=$mark" -o "papertap-texts-default=$(texts "$3" "$4")" </dev/null
}

fetch || { echo "papertap-queues: the gateway did not answer; nothing was changed" >&2; exit 1; }
# A list that broke off on the way would look like one from which queues are gone.
if [ "$(head -n 1 "$folder/list")" != "papertap-queues 1" ] || [ "$(tail -n 1 "$folder/list")" != "end" ]; then
    echo "papertap-queues: the list is not whole; nothing was changed" >&2
    exit 1
fi

failed=0
wanted=" "
while IFS="$between" read -r name uri default location info; do
    fine "$name" || continue
    case $uri in
    ipps://*/ipp/print/"$name" | ipp://*/ipp/print/"$name") ;;
    *) continue ;;
    esac
    case $uri in
    *[!]A-Za-z0-9.:/_%[-]*) continue ;;
    esac
    wanted="$wanted$name "
    # Somebody else's queue of this name stays as it is.
    if lpstat -v "$name" >/dev/null 2>&1 && ! made_here "$name"; then
        echo "papertap-queues: $name is there already and was not made by this script; left alone" >&2
        continue
    fi
    if ! same "$name" "$uri" "$location" "$info"; then
        set_queue "$name" "$uri" "$location" "$info" || { failed=2; continue; }
        echo "papertap-queues: set $name"
    fi
    if [ "$default" = 1 ] && ! lpstat -d 2>/dev/null | grep -q ': '; then
        lpadmin -d "$name" </dev/null
    fi
done <"$folder/list"

for name in $(lpstat -e 2>/dev/null); do
    fine "$name" || continue
    case $wanted in *" $name "*) continue ;; esac
    if made_here "$name"; then
        lpadmin -x "$name" </dev/null && echo "papertap-queues: removed $name" || failed=2
    fi
done
exit "$failed"
