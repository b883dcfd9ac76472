"""The workload of the speed figures: six questions, one comment of 80 characters, 16 connections."""
