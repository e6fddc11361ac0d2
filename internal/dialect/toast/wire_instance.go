package toast

type instancesAnswer struct {
	envelope
	Instances []instance `json:"instances"`
}

type instanceAnswer struct {
	envelope
	Instance instance `json:"instance"`
}

type instance struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

type detailsAnswer struct {
	envelope
	Instances []detail `json:"instances"`
}

type detail struct {
	Addresses        []address         `json:"addresses"`
	AvailabilityZone string            `json:"availabilityZone"`
	Flavor           detailFlavor      `json:"flavor"`
	Status           string            `json:"status"`
	ID               string            `json:"id"`
	Name             string            `json:"name"`
	Image            string            `json:"image"`
	Metadata         map[string]string `json:"metadata"`
	KeyName          *string           `json:"keyName"`
	Volumes          detailVolumes     `json:"volumes"`
	SecurityGroups   []groupName       `json:"securityGroups"`
	LaunchedAt       *string           `json:"launchedAt"`
	CreatedAt        string            `json:"createdAt"`
	UpdatedAt        string            `json:"updatedAt"`
}

type address struct {
	MAC        string  `json:"macAddress"`
	IP         string  `json:"ipAddress"`
	Version    int     `json:"version"`
	FloatingIP *string `json:"floatingIpAddress"`
}

type detailFlavor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	CPU  int    `json:"cpu"`
	RAM  int    `json:"ram"` // MB
}

type detailVolumes struct {
	Root        rootVolume       `json:"root"`
	Attachments []attachedVolume `json:"attachments"`
}

type rootVolume struct {
	Size int    `json:"size"` // GB
	Type string `json:"type"`
}

type attachedVolume struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size int    `json:"size"` // GB
	Type string `json:"type"`
}

type groupName struct {
	Name string `json:"name"`
}

type createdImageAnswer struct {
	envelope
	Image named `json:"createdImage"`
}
