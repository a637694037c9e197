// Package gcs replaces Terraform's backend of that name: see ../../go.mod.
package gcs

import "github.com/hashicorp/terraform/internal/backend"

// New panics: the backend is not part of this build.
func New() backend.Backend { panic("this Terraform was built without the backend gcs") }
