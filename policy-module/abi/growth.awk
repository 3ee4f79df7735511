# Reads a report of abidiff --leaf-changes-only --no-show-locs and prints every line that is not
# growth: a member beyond the old end of a structure that carries its size. (A member in the old
# padding is a change: an old `size` would not tell that it is missing.)
/^Leaf changes summary|^Changed leaf types summary|^$/ { next }
/^Removed\/Changed\/Added (functions|variables) summary: 0 Removed, 0 Changed, 0 Added/ { next }
/^'struct ndes_policy_(host|verify_input|verify_output|notify_input|table)' changed:$/ { old_end = -1; next }
/^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ && $7 > $5 && old_end == -1 { old_end = $5; next }
/^  [0-9]+ data member insertions?:$/ { next }
/^    '.*', at offset [0-9]+ \(in bits\)$/ && old_end > 0 && $(NF - 2) >= old_end { next }
{ print }
