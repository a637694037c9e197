# source <(terraform-provider-telematics completion bash)
_terraform_provider_telematics() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} words
	if [ "$COMP_CWORD" = 1 ]; then
		words='token exec status refresh forget completion help'
	elif [ "$before" = --format ]; then
		words='raw header json env terragrunt kubernetes'
	else
		case $verb in
		token) words='--format --min-lifetime' ;;
		exec) words='--min-lifetime --' ;;
		status) words='--json' ;;
		forget) words='--login-block' ;;
		completion) words='bash zsh fish' ;;
		esac
		[ "$verb" = completion ] || words="$words --device-token --instance-id --verbose"
	fi
	COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _terraform_provider_telematics terraform-provider-telematics
