package credential

// CommandWithin is [Command] with another timeout than [Timeout].
var CommandWithin = command
