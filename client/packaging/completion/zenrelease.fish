# fish completion for zenrelease
set -l commands release list info validate plan apply explain history resume doctor
complete -c zenrelease -f
complete -c zenrelease -n "not __fish_seen_subcommand_from $commands" -a "$commands"
for flag in config journal tls-ca tls-cert tls-key
    complete -c zenrelease -l $flag -r -F
end
for flag in profile endpoint server tls-server-name
    complete -c zenrelease -l $flag -x
end
for flag in json verbose help version
    complete -c zenrelease -l $flag
end
complete -c zenrelease -n "__fish_seen_subcommand_from release list explain history" -l product -x -a "vm bmc zec"
complete -c zenrelease -n "__fish_seen_subcommand_from release" -l from -r -F
for flag in dry-run allow-missing depend-resource
    complete -c zenrelease -n "__fish_seen_subcommand_from release" -l $flag
end
for flag in wait timeout request-id
    complete -c zenrelease -n "__fish_seen_subcommand_from release" -l $flag -x
end
complete -c zenrelease -n "__fish_seen_subcommand_from list" -l status -x -a "bin any RUNNING STOPPED RECYCLE RECYCLING RELEASING"
for flag in name zone resource-group tag limit
    complete -c zenrelease -n "__fish_seen_subcommand_from list" -l $flag -x
end
for flag in id since until request-id release-request-id limit
    complete -c zenrelease -n "__fish_seen_subcommand_from history" -l $flag -x
end
complete -c zenrelease -n "__fish_seen_subcommand_from history" -l open
complete -c zenrelease -n "__fish_seen_subcommand_from history" -l outcome -x -a "released accepted already_gone not_found not_recycled refused invalid not_attempted unknown"
complete -c zenrelease -n "__fish_seen_subcommand_from resume" -l timeout -x
complete -c zenrelease -n "__fish_seen_subcommand_from resume" -l release
complete -c zenrelease -n "__fish_seen_subcommand_from validate plan apply" -F
complete -c zenrelease -n "__fish_seen_subcommand_from plan" -l out -r -F
complete -c zenrelease -n "__fish_seen_subcommand_from plan" -l valid-for -x
complete -c zenrelease -n "__fish_seen_subcommand_from apply" -l plan -r -F
complete -c zenrelease -n "__fish_seen_subcommand_from apply" -l report -r -F
complete -c zenrelease -n "__fish_seen_subcommand_from apply" -l expect-digest -x
complete -c zenrelease -n "__fish_seen_subcommand_from apply" -l auto-approve
