# The task of an application that is sold on AWS Marketplace, with its sidecar: roles, log group and task
# definition, made of ecs-task-def.json and deploy/iam-policy.json. README.md lists the variables and outputs,
# docs/guides/ecs.md says what each part is for.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.70"
    }
  }
}

variable "name" {
  description = "Family of the task definition, and the beginning of every other name."
  type        = string
  default     = "seller-application"
}

variable "region" {
  description = "Where the task runs. It is used for the log only; the sidecar finds its region itself."
  type        = string
}

variable "images" {
  description = "Image of each container that differs from ecs-task-def.json."
  type        = map(string)
  default     = {}
}

variable "environment" {
  description = "Settings of the sidecar in addition to those of ecs-task-def.json: SIDECAR_* name to value."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the log, in days."
  type        = number
  default     = 90
}

variable "cpu" {
  description = "CPU units of the task; null for those of ecs-task-def.json."
  type        = string
  default     = null
}

variable "memory" {
  description = "Memory of the task in MiB; null for that of ecs-task-def.json."
  type        = string
  default     = null
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64, as the images are; null for that of ecs-task-def.json."
  type        = string
  default     = null
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds both roles; null for none. It must allow aws-marketplace:RegisterUsage and aws-marketplace:MeterUsage."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

locals {
  task = jsondecode(file("${path.module}/../../ecs-task-def.json"))

  containers = [
    for container in local.task.containerDefinitions : merge(container, {
      image = lookup(var.images, container.name, container.image)
      environment = concat(
        lookup(container, "environment", []),
        container.name != "marketplace-sidecar" ? [] : [
          for name, value in var.environment : { name = name, value = value }
        ],
      )
      logConfiguration = merge(container.logConfiguration, {
        options = merge(container.logConfiguration.options, {
          "awslogs-group"  = aws_cloudwatch_log_group.task.name
          "awslogs-region" = var.region
        })
      })
    })
  ]

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # ECS assumes the roles for tasks of this account only.
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

# What the sidecar may ask of AWS.
resource "aws_iam_role" "task" {
  name                 = "${var.name}-task"
  assume_role_policy   = local.trust
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "metering" {
  name   = "marketplace-metering"
  role   = aws_iam_role.task.name
  policy = file("${path.module}/../iam-policy.json")
}

# What ECS itself needs: it pulls the images and writes the log. The sidecar never has this role.
resource "aws_iam_role" "execution" {
  name                 = "${var.name}-execution"
  assume_role_policy   = local.trust
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_cloudwatch_log_group" "task" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_ecs_task_definition" "task" {
  family                   = var.name
  requires_compatibilities = local.task.requiresCompatibilities
  network_mode             = local.task.networkMode
  cpu                      = var.cpu == null ? local.task.cpu : var.cpu
  memory                   = var.memory == null ? local.task.memory : var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(local.containers)
  tags                     = var.tags

  runtime_platform {
    operating_system_family = local.task.runtimePlatform.operatingSystemFamily
    cpu_architecture        = var.cpu_architecture == null ? local.task.runtimePlatform.cpuArchitecture : var.cpu_architecture
  }

  # The volume of the ledger: empty when the task starts, gone when it stops.
  volume {
    name = local.task.volumes[0].name
  }
}

output "task_definition_arn" {
  description = "The task definition, for the service."
  value       = aws_ecs_task_definition.task.arn
}

output "task_role_arn" {
  description = "The role that calls the Metering service. Attach what your application needs to it."
  value       = aws_iam_role.task.arn
}

# For your own task definition: these two, the volume above, and `dependsOn` in your application.
output "sidecar_container" {
  description = "The sidecar's container definition, for a task definition of your own."
  value       = one([for container in local.containers : container if container.name == "marketplace-sidecar"])
}

output "volume_name" {
  description = "The volume that a task definition of your own needs for it."
  value       = local.task.volumes[0].name
}
