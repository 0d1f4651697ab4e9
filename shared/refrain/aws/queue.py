"""What ingest needs of SQS. boto3 takes half a second to load, and is imported only when an upload has failed."""

from __future__ import annotations

from refrain.aws.table import aws_errors


def show_again(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Let a message that was received come again after so many seconds. Raises `ServiceUnavailable`."""
    import boto3

    with aws_errors("sqs:ChangeMessageVisibility"):
        boto3.client("sqs").change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )
