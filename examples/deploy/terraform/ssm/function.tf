terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.8"
    }
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4"
    }
  }
}

variable "role_arn" {
  type        = string
  description = "The role that the function runs as"
}

data "archive_file" "nightly" {
  type        = "zip"
  output_path = "${path.module}/nightly.zip"

  source {
    filename = "app.py"
    content  = "from src.cr2a.worker import handler\n"
  }
}

resource "aws_lambda_function" "nightly" {
  function_name    = "cr2a-nightly"
  role             = var.role_arn
  runtime          = "python3.12"
  architectures    = ["x86_64"]
  handler          = "app.handler"
  timeout          = 60
  filename         = data.archive_file.nightly.output_path
  source_code_hash = data.archive_file.nightly.output_base64sha256
  layers           = local.layers
}
