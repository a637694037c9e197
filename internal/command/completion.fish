# terraform-provider-telematics completion fish | source
complete -c terraform-provider-telematics -f
complete -c terraform-provider-telematics -n __fish_use_subcommand -a 'token exec status refresh forget completion help'
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from token exec status refresh forget' -l device-token -x
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from token exec status refresh forget' -l instance-id -x
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from token exec status refresh forget' -l verbose
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from token exec' -l min-lifetime -x
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from token' -l format -x -a 'raw header json env terragrunt kubernetes'
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from status' -l json
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from forget' -l login-block
complete -c terraform-provider-telematics -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
