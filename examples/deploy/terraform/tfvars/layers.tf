# What `publish` hands on: terraform plan -var-file=layers.tfvars.json
variable "layer_arns" {
  type        = map(string)
  description = "ARN of each layer version by its key in layers.yml"
}

locals {
  layers = [
    var.layer_arns["shared-code"],
    var.layer_arns["core-deps"],
  ]
}

output "layers" {
  value = local.layers
}
