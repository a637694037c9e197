// Package e2e holds the scripts that run the real CLI with the built provider
// against the emulator, over real HTTP: testdata/script/*.txtar, one story
// each. They are the place to learn how the provider behaves.
//
// A script has the commands of testscript, and these:
//
//	account KIND              set the environment to the demo admin or user, or to none
//	users N                   register N more users, whose device tokens are in TF_VAR_device_tokens
//	requests login=1 refresh=0 …
//	                          fail unless the platform got exactly these since the last check
//	fault ENDPOINT FAULT …    let the next requests to an endpoint fail, one fault each
//	lifetime 2h               how long the tokens live that are issued from now on
//	limit N DURATION          how many logins an address has in a window, for platform and provider
//	timetravel                from now on run a provider whose clock can be moved
//	clock 3h                  move the clock of the platform and of such a provider
//	skew 10m                  move the clock of such a provider alone
//	stacks N FOLDER           copy a folder to FOLDER-1 up to FOLDER-N
//	repeat N COMMAND …        run a command N times; all must succeed
//	kills N COMMAND …         run a command N times and kill it at random moments; see there
//	clean FILE …              fail if a secret of the platform's is in a file, a folder or an archive
//	objects KIND=N …          fail unless the platform has N applications, instances or users more than the accounts'
//	registers FILE …          fail unless each file holds the InstanceId and InstanceKey of an instance
//	drift KIND NAME [ATTRIBUTE VALUE]
//	                          change an application, instance or user behind the provider's back, or delete it
//	accepted FILE             fail unless the platform accepts the token in the file, or in each file of a pattern
//
// And it can run these programs with exec:
//
//	each FOLDER COMMAND …     run a command in each copy of a folder, one after the other
//	together FOLDER COMMAND … run it in all copies of a folder at the same time
//	downstream                call the platform with the header in AUTHORIZATION and print the answer
//
// They need a CLI with ephemeral resources, which TELEMATICS_E2E_CLI names, and
// are skipped where it names none. TELEMATICS_E2E_PROVIDER names the provider's
// binary, else it is built. make test sets both.
package e2e
