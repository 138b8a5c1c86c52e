# SPDX-License-Identifier: GPL-2.0
# fish completion of ikectl(8)

set -l commands up down restart rekey reauth status explain log redirect top export-keys leases names monitor reload pki version help
complete -c ikectl -f
complete -c ikectl -l json -d 'One JSON object a line'
complete -c ikectl -l control -r -F -d "The daemon's socket"
complete -c ikectl -l help -d 'A list of the commands'
complete -c ikectl -l version -d 'The version'
complete -c ikectl -l all -n '__fish_seen_subcommand_from up down' -d 'All tunnels'

complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a up -d 'Bring a tunnel up, and show how'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a down -d 'Take a tunnel down, and keep it down'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a restart -d 'Down, then up'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a rekey -d 'New keys now'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a reauth -d 'Both ends prove themselves again'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a status -d 'All tunnels in a table, or one in detail'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a explain -d 'Why it is not up, or is up and passes nothing'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a log -d 'How much is logged of a tunnel, now'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a redirect -d 'Send clients that are up to another gateway'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a top -d 'What passes now, again and again'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a export-keys -d 'Keys for Wireshark, if configured'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a leases -d 'The addresses that pools have given'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a names -d 'List all names, one per line'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a monitor -d 'Show what happens, until interrupted'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a reload -d 'Read the configuration again'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a pki -d 'Certificates for gateways and clients'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a version -d 'Of ikectl, the daemon and the module'
complete -c ikectl -n "not __fish_seen_subcommand_from $commands" -a help -d 'More about a command'

complete -c ikectl -n '__fish_seen_subcommand_from up down restart rekey reauth status explain log redirect top export-keys' -a '(ikectl names 2>/dev/null)'
complete -c ikectl -n '__fish_seen_subcommand_from pki' -a 'ca server client sign revoke'
complete -c ikectl -n '__fish_seen_subcommand_from help' -a "$commands"
