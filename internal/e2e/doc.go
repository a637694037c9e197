// Package e2e holds the scripts that run the real CLI with the built provider
// against the emulator, over real HTTP: testdata/script/*.txtar, one story
// each. They are the place to learn how the provider behaves.
//
// A script has the commands of testscript, and these:
//
//	memory                    let XDG_RUNTIME_DIR be a folder in memory
//	account ACCOUNT           set the environment to an account: admin, other-admin, user, other-user, or none
//	users N                   register N more users, whose device tokens are in TF_VAR_device_tokens
//	pair ACCOUNT NAME         let somebody else log in to an account; the pair is in TF_VAR_NAME and its access token in NAME.token;
//	                          the pair of none is empty
//	elsewhere ACCOUNT         let somebody else log in to an account, which revokes its tokens
//	secure [mutual] [NAME]    serve the platform by TLS as well, with a certificate of an authority of its own, which is in ca.pem; it is
//	                          for NAME, or for the address; mutual: for clients with client.pem and client-key.pem alone
//	idtoken FILE CLAIM=VALUE …
//	                          write a token that says what runs, as a CI system signs one; the system's public key is in issuer.pem
//	option NAME=VALUE …       change how the platform behaves: login_form=string, login_keeps_tokens=true, opaque_tokens=true, …
//	lifetime 2h               how long the tokens live that are issued from now on
//	limit N DURATION          how many logins an address has in a window, for platform and provider
//	fault ENDPOINT FAULT …    let the next requests to an endpoint fail, one fault each
//	fault ENDPOINT always FAULT
//	                          let all requests to an endpoint fail
//	fault ENDPOINT none       end both
//	hold ENDPOINT             from now on the platform acts, and keeps its answers
//	hold none                 keep the answers that are held back, and no others
//	await ENDPOINT N          wait until N answers are held back
//	release                   send them
//	requests login=1 refresh=0 …
//	                          fail unless the platform got exactly these since the last check
//	accepted FILE             fail unless the platform accepts the token in the file, or in each file of a pattern
//	whose FILE ACCOUNT        fail unless the token in the file was issued to the account
//	stored N                  fail unless N sessions are stored in files
//	clean FILE …              fail if a secret of the platform's is in a file, a folder or an archive
//	timetravel                from now on run a provider, and its command line, whose clock can be moved
//	clock 3h                  move the clock of the platform and of such a provider
//	skew 10m                  move the clock of such a provider alone
//	appears FILE              wait until there is a file
//	says FILE TEXT [N]        wait until a text is in a file, or in N files of a pattern
//	stacks N FOLDER           copy a folder to FOLDER-1 up to FOLDER-N
//	repeat N COMMAND …        run a command N times; all must succeed
//	kills N TARGET COMMAND …  run a command N times and kill it at random moments; see there
//	signal INT TARGET FILE    send INT, TERM or KILL to the cli, the provider or the group that led has started
//	gone FILE                 wait until no process is left of it
//	objects KIND=N …          fail unless the platform has N applications, instances or users more than the accounts'
//	registers FILE …          fail unless each file holds the InstanceId and InstanceKey of an instance
//	drift KIND NAME [ATTRIBUTE VALUE]
//	                          change an application, instance or user behind the provider's back, or delete it; a user's name is
//	                          the device token or the client id
//	members INSTANCE N M      register N users in an instance, and M that are deactivated
//	role company              give the admin a role in the company, none, or only in: application NAME, instance NAME
//	doubts ENDPOINT N M SEED [mixed]
//	                          lose N of the next M answers, at random and in many ways: the platform has acted;
//	                          mixed: sometimes it has not
//	converges COMMAND …       run a command, and once more if it fails
//	paste ERRORS FILE         append to a configuration the import blocks that errors name
//	killapply N TARGET M      make M instances again and again, and kill the apply N times; see there
//	user CLIENT_ID ATTRIBUTE=VALUE …
//	                          fail unless the platform has one user of this client id, and these are the attributes
//	byhand application NAME
//	byhand instance NAME APPLICATION
//	byhand user DEVICE_TOKEN INSTANCE FIRST_NAME
//	                          make an object as a person does in DataHub
//
// And it can run these programs with exec:
//
//	each FOLDER COMMAND …     run a command in each copy of a folder, one after the other
//	together FOLDER COMMAND … run it in all copies of a folder at the same time
//	led FILE COMMAND …        run a command in a process group of its own, which FILE tells signal and gone;
//	                          FILE.out is what it prints
//	downstream                call the platform with the header in AUTHORIZATION, as a user where there is an INSTANCE_ID, and
//	                          print the answer
//
// [mounts] is true where a file system can be mounted, [terraform-1.12]
// with Terraform of that version or later and not with OpenTofu, [tofu] with OpenTofu.
//
// They need a CLI with ephemeral resources, which TELEMATICS_E2E_CLI names, and
// are skipped where it names none. TELEMATICS_E2E_PROVIDER names the provider's
// binary, else it is built. make test sets both.
package e2e
