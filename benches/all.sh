#!/bin/sh
# Takes every figure anew and puts it into docs/performance.md, between the marks that name its benchmark:
# benches/all.sh [NAME ...], such as `benches/all.sh work ledger`; all of them where no name is given.
set -eu
cd "$(dirname "$0")/.."
page=docs/performance.md
names=${*:-$(sed -n 's/^<!-- figures: \(.*\) -->$/\1/p' "$page")}
for name in $names; do
    figures=$(mktemp)
    case $name in
    peers/work) (cd benches/peers/work && cargo run --quiet --release) >"$figures" ;;
    *) cargo bench --quiet --features http --bench "$name" >"$figures" ;;
    esac
    {
        echo
        echo "Taken on $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg)."
        echo
        cat "$figures"
        echo
    } >"$figures.new"
    awk -v name="$name" -v new="$figures.new" '
        $0 == "<!-- figures: " name " -->" { print; while ((getline line < new) > 0) print line; skip = 1 }
        $0 == "<!-- end -->" { skip = 0 }
        !skip && $0 != "<!-- figures: " name " -->" { print }
    ' "$page" >"$figures.page"
    cp "$figures.page" "$page"
    rm -f "$figures" "$figures.new" "$figures.page"
done
