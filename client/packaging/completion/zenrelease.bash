# bash completion for zenrelease
_zenrelease() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' i
  # The flags that take a value, which is no command whatever it says.
  local valued=' --config --profile --endpoint --journal --server --tls-ca --tls-cert --tls-key --tls-server-name --product --from --wait --timeout --request-id --status --name --zone --resource-group --tag --limit --out --valid-for --plan --expect-digest --report --id --since --until --outcome --release-request-id '
  local common='--config --profile --endpoint --journal --server --tls-ca --tls-cert --tls-key --tls-server-name --json --verbose --help --version'
  local commands='release list info validate plan apply explain history resume doctor'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ $valued == *" ${COMP_WORDS[i]} "* ]]; then
      [[ ${COMP_WORDS[i+1]} == '=' ]] && ((i++))
      ((i++))
    elif [[ " $commands " == *" ${COMP_WORDS[i]} "* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done
  [[ $cur == '=' ]] && cur=''
  [[ $prev == '=' ]] && prev=${COMP_WORDS[COMP_CWORD-2]}
  case $prev in
    --product) mapfile -t COMPREPLY < <(compgen -W 'vm bmc zec' -- "$cur"); return ;;
    --status) mapfile -t COMPREPLY < <(compgen -W 'bin any RUNNING STOPPED RECYCLE RECYCLING RELEASING' -- "$cur"); return ;;
    --outcome)
      mapfile -t COMPREPLY < <(compgen -W 'released accepted already_gone not_found not_recycled refused invalid not_attempted unknown' -- "$cur"); return ;;
    --config | --journal | --from | --out | --plan | --report | --tls-ca | --tls-cert | --tls-key)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    *) [[ $valued == *" $prev "* ]] && return ;;
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
