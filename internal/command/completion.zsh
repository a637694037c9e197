#compdef terraform-provider-telematics
# source <(terraform-provider-telematics completion zsh)
_terraform_provider_telematics() {
	local -a offered
	if ((CURRENT == 2)); then
		offered=(token exec status refresh forget completion help)
	elif [[ ${words[CURRENT-1]} == --format ]]; then
		offered=(raw header json env terragrunt kubernetes)
	elif [[ ${words[2]} == completion ]]; then
		offered=(bash zsh fish)
	else
		offered=(--device-token --instance-id --verbose)
		case ${words[2]} in
		token) offered+=(--format --min-lifetime) ;;
		exec) offered+=(--min-lifetime --) ;;
		status) offered+=(--json) ;;
		forget) offered+=(--login-block) ;;
		esac
	fi
	compadd -- $offered
}
compdef _terraform_provider_telematics terraform-provider-telematics
