# bash completion for zenrelease
_zenrelease() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word
  local common='--config --profile --endpoint --journal --server --tls-ca --tls-cert --tls-key --tls-server-name --json --verbose --help --version'
  local commands='release list info validate plan apply explain history resume doctor'
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " $commands " in *" $word "*) command=$word; break ;; esac
  done
  case $prev in
    --product) mapfile -t COMPREPLY < <(compgen -W 'vm bmc zec' -- "$cur"); return ;;
    --outcome)
      mapfile -t COMPREPLY < <(compgen -W 'released accepted already_gone not_found not_recycled refused invalid not_attempted unknown' -- "$cur"); return ;;
    --config | --journal | --from | --out | --plan | --report | --tls-ca | --tls-cert | --tls-key)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
  esac
  local flags=$common
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "$commands $common" -- "$cur"); return ;;
    release) flags+=' --product --from --dry-run --allow-missing --depend-resource --wait --timeout --request-id' ;;
    list) flags+=' --product --status --name --zone --resource-group --tag --limit' ;;
    plan) flags+=' --out --valid-for' ;;
    apply) flags+=' --plan --expect-digest --auto-approve --report' ;;
    explain) flags+=' --product' ;;
    history) flags+=' --id --product --since --until --outcome --request-id --release-request-id --open --limit' ;;
    resume) flags+=' --timeout --release' ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
  elif [[ $command == validate || $command == plan || $command == apply ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -o filenames -F _zenrelease zenrelease
