package store

import (
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// What an instance keeps of others as they were, and its fault, in the form in
// which rows have it. The fields are those of the domain's types, which convert
// as long as that stays so; the JSON names must never change.

type imageSnapshot struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	OSType     compute.OSType    `json:"osType"`
	OSDistro   string            `json:"osDistro,omitempty"`
	OSVersion  string            `json:"osVersion,omitempty"`
	AdminUser  string            `json:"adminUser,omitempty"`
	MinRAMMiB  int               `json:"minRamMiB,omitempty"`
	MinDiskGiB int               `json:"minDiskGiB,omitempty"`
	SizeBytes  int64             `json:"sizeBytes,omitempty"`
	Public     bool              `json:"public,omitempty"`
	ProjectID  string            `json:"projectId,omitempty"`
	CreatedAt  time.Time         `json:"createdAt"`
	UpdatedAt  time.Time         `json:"updatedAt"`
	Properties map[string]string `json:"properties,omitempty"`
	Saving     bool              `json:"saving,omitempty"`
	Node       string            `json:"node,omitempty"`
	InstanceID string            `json:"instanceId,omitempty"`

	Protected   bool     `json:"protected,omitempty"`
	Hidden      bool     `json:"hidden,omitempty"`
	Deactivated bool     `json:"deactivated,omitempty"`
	Tags        []string `json:"tags,omitempty"`
}

type flavorSnapshot struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	VCPUs        int               `json:"vcpus"`
	RAMMiB       int               `json:"ramMiB"`
	DiskGiB      int               `json:"diskGiB"`
	EphemeralGiB int               `json:"ephemeralGiB,omitempty"`
	SwapMiB      int               `json:"swapMiB,omitempty"`
	RXTXFactor   float64           `json:"rxtxFactor,omitempty"`
	ExtraSpecs   map[string]string `json:"extraSpecs,omitempty"`
	Private      bool              `json:"private,omitempty"`
	Description  *string           `json:"description,omitempty"`
	CreatedAt    time.Time         `json:"createdAt,omitzero"`
	UpdatedAt    time.Time         `json:"updatedAt,omitzero"`
}

type faultRecord struct {
	Code    int       `json:"code"`
	Message string    `json:"message"`
	Details string    `json:"details,omitempty"`
	At      time.Time `json:"at"`
}
