# What `publish` wrote with `ssm: /cr2a/{layer}` in layers.yml.
data "aws_ssm_parameter" "layer" {
  for_each = toset(["shared-code", "core-deps"])
  name     = "/cr2a/${each.key}"
}

locals {
  layers = [
    data.aws_ssm_parameter.layer["shared-code"].insecure_value,
    data.aws_ssm_parameter.layer["core-deps"].insecure_value,
  ]
}

output "layers" {
  value = local.layers
}
