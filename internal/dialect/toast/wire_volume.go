package toast

type volumesAnswer struct {
	envelope
	Volumes []volume `json:"volumes"`
}

type volumeAnswer struct {
	envelope
	Volume volume `json:"volume"`
}

type volume struct {
	Attachments []volumeAttachment `json:"attachments"`
	Zone        string             `json:"availabilityZone"`
	CreatedAt   string             `json:"createdAt"`
	Description string             `json:"description"`
	ID          string             `json:"id"`
	Metadata    map[string]string  `json:"metadata"`
	Name        string             `json:"name"`
	Size        int                `json:"size"` // GB
	Status      string             `json:"status"`
	Type        string             `json:"volumeType"`
}

type volumeAttachment struct {
	Device     string `json:"device"`
	InstanceID string `json:"instanceId"`
	ID         string `json:"attachmentId"`
}

type attachmentAnswer struct {
	envelope
	Attachment attachment `json:"attachment"`
}

type attachment struct {
	Device   string `json:"device"`
	ID       string `json:"id"`
	VolumeID string `json:"volumeId"`
}
