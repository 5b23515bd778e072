# The queue through which the events of AWS Marketplace reach the sidecar of a SaaS product: the same as
# deploy/saas-events.yaml. README.md lists the variables and outputs, docs/guides/saas.md says how
# examples/events forwards the events.

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
  description = "The beginning of every name."
  type        = string
  default     = "marketplace-events"
}

variable "task_role_name" {
  description = "Role of the task or pod in which the forwarder runs. It gets the permission to read the queue."
  type        = string
}

variable "subscription_topic_arn" {
  description = "The topic aws-mp-subscription-notification of an older product; null for listings from 2026-06-01 on."
  type        = string
  default     = null
}

variable "alarm_topic_arn" {
  description = "SNS topic that receives the alarms; null when you only look at them."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

locals {
  kept_seconds  = 1209600
  alarm_actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]

  # The sidecar believes what it is sent: nothing but the rule and the topic may send.
  senders = concat(
    [{ service = "events.amazonaws.com", arn = aws_cloudwatch_event_rule.licences.arn }],
    var.subscription_topic_arn == null ? [] : [{ service = "sns.amazonaws.com", arn = var.subscription_topic_arn }],
  )
}

resource "aws_sqs_queue" "refused" {
  name                      = "${var.name}-refused"
  message_retention_seconds = local.kept_seconds
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

# A message that the sidecar refuses is received this often. While the sidecar is away, none is given back.
resource "aws_sqs_queue" "events" {
  name                       = var.name
  message_retention_seconds  = local.kept_seconds
  sqs_managed_sse_enabled    = true
  visibility_timeout_seconds = 60
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.refused.arn
    maxReceiveCount     = 5
  })
  tags = var.tags
}

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sender in local.senders : {
        Effect    = "Allow"
        Principal = { Service = sender.service }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.events.arn
        Condition = { ArnEquals = { "aws:SourceArn" = sender.arn } }
      }
    ]
  })
}

resource "aws_cloudwatch_event_rule" "licences" {
  name        = "${var.name}-licences"
  description = "Licences of AWS Marketplace that end or change"
  event_pattern = jsonencode({
    source      = ["aws.agreement-marketplace"]
    detail-type = [{ prefix = "License " }]
  })
  tags = var.tags
}

resource "aws_cloudwatch_event_target" "queue" {
  rule = aws_cloudwatch_event_rule.licences.name
  arn  = aws_sqs_queue.events.arn
}

# Not raw: the sidecar knows a repeat by the id in the envelope.
resource "aws_sns_topic_subscription" "subscriptions" {
  count                = var.subscription_topic_arn == null ? 0 : 1
  topic_arn            = var.subscription_topic_arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.events.arn
  raw_message_delivery = false
}

resource "aws_iam_role_policy" "may_read_queue" {
  name = "marketplace-events"
  role = var.task_role_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
      Resource = aws_sqs_queue.events.arn
    }]
  })
}

resource "aws_cloudwatch_metric_alarm" "events_wait" {
  alarm_name          = "${var.name}-wait"
  alarm_description   = "An event of AWS Marketplace has waited for 15 minutes. AWS accepts the last usage of a licence for about an hour."
  namespace           = "AWS/SQS"
  dimensions          = { QueueName = aws_sqs_queue.events.name }
  metric_name         = "ApproximateAgeOfOldestMessage"
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 900
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "events_refused" {
  alarm_name          = "${var.name}-refused"
  alarm_description   = "The sidecar refused an event of AWS Marketplace. The log of the forwarder says why."
  namespace           = "AWS/SQS"
  dimensions          = { QueueName = aws_sqs_queue.refused.name }
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

output "queue_url" {
  description = "What the forwarder is started with."
  value       = aws_sqs_queue.events.url
}

output "refused_queue_url" {
  description = "Where the messages are that the sidecar refused."
  value       = aws_sqs_queue.refused.url
}
