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

variable "route" {
  description = "container for a product that runs at its buyer, saas for one that runs at its seller and meters customers."
  type        = string
  default     = "container"
  validation {
    condition     = contains(["container", "saas"], var.route)
    error_message = "route is container or saas."
  }
}

variable "database_secret_arn" {
  description = "Secret with the URL of the PostgreSQL database that the tasks share as their ledger; null for a file in the volume."
  type        = string
  default     = null
  # The role may read this ARN, as it stands.
  validation {
    condition     = var.database_secret_arn == null ? true : can(regex("^arn:aws[-a-z]*:secretsmanager:[-a-z0-9]+:[0-9]{12}:secret:[^:]+-[A-Za-z0-9]{6}$", var.database_secret_arn))
    error_message = "database_secret_arn is the whole ARN of a secret of Secrets Manager, with the six characters at its end and without a JSON key: the secret's text is the URL."
  }
}

variable "ledger_on_instance" {
  description = "Whether the volume is one of the EC2 instance, which the next task there finds again. Run one task then."
  type        = bool
  default     = false
}

variable "environment" {
  description = "Settings of the sidecar, in addition to those of ecs-task-def.json or in their place: SIDECAR_* name to value."
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
  description = "ARN of the policy that bounds both roles; null for none. It must allow what the policy of the route allows."
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
      # Each name once: a variable replaces what ecs-task-def.json says.
      environment = [
        for name, value in merge(
          { for given in lookup(container, "environment", []) : given.name => given.value },
          container.name == "marketplace-sidecar" ? var.environment : {},
        ) : { name = name, value = value }
      ]
      secrets = container.name != "marketplace-sidecar" || var.database_secret_arn == null ? [] : [
        { name = "SIDECAR_DATABASE_URL", valueFrom = var.database_secret_arn }
      ]
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
  policy = file(var.route == "saas" ? "${path.module}/../iam-policy-saas.json" : "${path.module}/../iam-policy.json")
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

resource "aws_iam_role_policy" "database" {
  count = var.database_secret_arn == null ? 0 : 1
  name  = "ledger-database"
  role  = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = var.database_secret_arn
    }]
  })
}

resource "aws_cloudwatch_log_group" "task" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_ecs_task_definition" "task" {
  family                   = var.name
  requires_compatibilities = var.ledger_on_instance ? ["EC2"] : local.task.requiresCompatibilities
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

  # The volume of the ledger: empty when the task starts and gone when it stops, or that of the instance.
  volume {
    name = local.task.volumes[0].name

    dynamic "docker_volume_configuration" {
      for_each = var.ledger_on_instance ? [1] : []
      content {
        scope         = "shared"
        autoprovision = true
        driver        = "local"
      }
    }
  }

  lifecycle {
    # A new task has a new volume, and no other task may have the ledger of the customers.
    precondition {
      condition     = var.route != "saas" || var.database_secret_arn != null || var.ledger_on_instance
      error_message = "Route saas needs database_secret_arn, or ledger_on_instance on EC2: no volume on Fargate outlives its task."
    }
  }
}

output "task_definition_arn" {
  description = "The task definition, for the service."
  value       = aws_ecs_task_definition.task.arn
}

output "task_role_name" {
  description = "Name of the role that calls the Metering service, for deploy/terraform/events."
  value       = aws_iam_role.task.name
}

output "task_role_arn" {
  description = "The role that calls the Metering service. Attach what your application needs to it."
  value       = aws_iam_role.task.arn
}

# For your own task definition: these two, the volume above, and `dependsOn` in your application.
output "sidecar_container" {
  description = "The sidecar's container definition, for your own task definition."
  value       = one([for container in local.containers : container if container.name == "marketplace-sidecar"])
}

output "volume_name" {
  description = "The volume that your own task definition needs for it."
  value       = local.task.volumes[0].name
}
