package filestore

// Derivations is how many keys s has derived.
func Derivations(s *Store) int { return s.box.Derivations() }
